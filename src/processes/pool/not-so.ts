import { CodecError } from "../../errors.js";

/** Why a message was not sent that has handles in it; nobody but its lane sees it. */
export const NOT_SO = new CodecError("calls with handles in them are given one by one, to a worker with nothing to do");
