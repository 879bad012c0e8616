export { type Instrumentation, type InstrumentOptions, instrument, type ReceivedMessage } from "./instrument.js";
