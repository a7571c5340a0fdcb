/** Every command of the engine. */
import type { Commands } from '../requests.ts';
import { adoptResource, adoptServer } from './adoption.ts';
import { createInstance, destroyInstance } from './allocation.ts';
import { attachResource, attachmentFound, attachmentSettled, detachResource } from './attachment.ts';
import { decreaseCapacity, increaseCapacity } from './capacity.ts';
import { applyConfiguration } from './configuration.ts';
import { runDue } from './due-work.ts';
import { serverResized } from './found-server.ts';
import { acceptOffer, declineOffer, requestOffer } from './offer.ts';
import { finishDraining, retireProvider } from './provider-removal.ts';
import { addProvider, removeProvider, updateProvider } from './provider.ts';
import { createAllocation, destroyAllocation } from './resource.ts';
import { cancelReservation, createReservation, updateReservation } from './reservation.ts';
import {
  createFailed,
  creationUnanswered,
  deletionAccepted,
  deletionRefused,
  serverAccepted,
  serverGone,
  vmStateReported,
} from './vim-report.ts';
import { extendVolume, extensionAccepted, extensionFailed, volumeSized } from './volume.ts';

export const commands: Commands = {
  addProvider,
  updateProvider,
  removeProvider,
  retireProvider,
  finishDraining,
  increaseCapacity,
  decreaseCapacity,
  createReservation,
  updateReservation,
  cancelReservation,
  requestOffer,
  acceptOffer,
  declineOffer,
  createInstance,
  destroyInstance,
  createAllocation,
  destroyAllocation,
  attachResource,
  detachResource,
  attachmentSettled,
  attachmentFound,
  extendVolume,
  volumeSized,
  extensionAccepted,
  extensionFailed,
  serverAccepted,
  deletionAccepted,
  deletionRefused,
  creationUnanswered,
  createFailed,
  vmStateReported,
  serverGone,
  adoptServer,
  adoptResource,
  serverResized,
  runDue,
  applyConfiguration,
};
