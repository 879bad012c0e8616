// Takes the place of sync/processors.js: a party that looks again and again would only repeat its states.
export const canSpin = false;
