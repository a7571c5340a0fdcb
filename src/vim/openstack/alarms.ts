/** The alarm of one account: made with the first contact, seen to with each further one, removed at the end. */
import { ensureAlarm, decodeAlarm, removeAlarm } from './aodh.ts';
import { VimError } from '../vim.ts';
import type { Session } from './session.ts';
import type { Webhooks } from './webhook.ts';

/** Milliseconds for the removal, which nobody waits for longer. */
const REMOVAL = 3_000;

export interface AlarmsOptions {
  readonly providerId: string;
  readonly session: Session;
  readonly webhooks: Webhooks;
  /** Is told which server changed. */
  readonly changed: (server: string) => void;
  /** Is told when there can be no alarm, once for each reason until there is one again; polling goes on. */
  readonly onFailure: (error: unknown) => void;
}

export class Alarms {
  readonly #options: AlarmsOptions;
  readonly #hook: ReturnType<Webhooks['register']>;
  #made = false;
  /** Why there was no alarm when it was last looked for. */
  #reason: string | undefined;

  constructor(options: AlarmsOptions) {
    this.#options = options;
    this.#hook = options.webhooks.register((body) => {
      const alarm = decodeAlarm(body);
      // Nothing that a consumer hears of happens while a server is being built.
      if (alarm !== undefined && alarm.state !== 'building') options.changed(alarm.server);
    });
  }

  get #name(): string {
    return `promise-${this.#options.providerId}`;
  }

  /** Sees to it that there is the alarm, in a cloud that has Aodh. Never throws. */
  async ensure(signal: AbortSignal): Promise<void> {
    const { session, onFailure } = this.#options;
    try {
      const aodh = await session.findService('alarm', signal);
      if (aodh === undefined) return;
      await ensureAlarm(aodh, this.#name, this.#hook.url, signal);
      this.#made = true;
      this.#reason = undefined;
    } catch (error) {
      const reason = String(error);
      if (signal.aborted || reason === this.#reason) return;
      this.#reason = reason;
      onFailure(withoutSecret(error, this.#hook.url));
    }
  }

  /** Removes the alarm as far as that can be done in a moment; one that stays is taken over by the next start. */
  async close(): Promise<void> {
    this.#hook.cancel();
    if (!this.#made) return;
    const signal = AbortSignal.timeout(REMOVAL);
    try {
      const aodh = await this.#options.session.findService('alarm', signal);
      if (aodh !== undefined) await removeAlarm(aodh, this.#name, signal);
    } catch {
      // The cloud is out of reach, or the account closed already.
    }
  }
}

/** Aodh may repeat what it does not take, and the URL in it is a secret. */
function withoutSecret(error: unknown, url: string): unknown {
  if (!(error instanceof VimError) || !error.message.includes(url)) return error;
  return new VimError(error.kind, error.message.replaceAll(url, '…'));
}
