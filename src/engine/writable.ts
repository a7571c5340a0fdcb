/**
 * An object of a type, while it is being made: its optional properties are assigned one by one.
 *
 * What a decision makes is written out so. In V8 a spread of an object that holds instants gives every copy a shape of its own, and what reads
 * such copies then takes ten times as long.
 */
export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
