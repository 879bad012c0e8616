import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { amqpFailure, isCut } from "#src/brokers/amqp/amqp-failure.js";

const error = (message: string, code?: number | string): Error => Object.assign(new Error(message), code && { code });

describe("what RabbitMQ and its driver say of an end", () => {
  test("smoke: a connection that was lost is a cut, and can be tried again", () => {
    const cuts = [
      error("read ECONNRESET", "ECONNRESET"),
      error("write EPIPE", "EPIPE"),
      error("connect ECONNREFUSED 127.0.0.1:5672", "ECONNREFUSED"),
      error("connect ETIMEDOUT"),
      error("Unexpected close"),
      error("Heartbeat timeout"),
      error("Socket closed abruptly during opening handshake"),
      error("Connection closed (Error: Unexpected close)"),
      error("Connection closing"),
    ];
    for (const cut of cuts) {
      assert.equal(isCut(cut), true, cut.message);
      assert.equal(amqpFailure(cut, "put()", "amqp://x").retryable, true, cut.message);
    }
  });

  test("so is a server that is being stopped or has failed", () => {
    assert.equal(isCut(error("Connection closed: 320 (CONNECTION-FORCED) with message ...", 320)), true);
    assert.equal(isCut(error("Connection closed: 541 (INTERNAL-ERROR) with message ...", 541)), true);
  });

  test("a channel that ended with its connection, or before it was asked, is a cut", () => {
    for (const message of ["channel closed", "Channel closed", "Channel ended, no reply will be forthcoming"])
      assert.equal(isCut(error(message)), true, message);
  });

  test("a channel that the server has closed for a reason is none", () => {
    const reasons = [
      [403, "ACCESS-REFUSED", "ERR_INTERPROC_AUTHENTICATION"],
      [404, "NOT-FOUND", "ERR_INTERPROC_NOT_FOUND"],
      [405, "RESOURCE-LOCKED", "ERR_INTERPROC_MISMATCH"],
      [406, "PRECONDITION-FAILED", "ERR_INTERPROC_MISMATCH"],
    ] as const;
    for (const [number, word, code] of reasons)
      for (const begin of ["Channel closed by server", "Operation failed: QueueDeclare"]) {
        const closed = error(`${begin}: ${number} (${word}) with message "${word} - Channel closed"`, number);
        assert.equal(isCut(closed), false, closed.message);
        const failure = amqpFailure(closed, "put()", "amqp://x");
        assert.deepEqual([failure.code, failure.cause], [code, closed]);
      }
  });

  test("but for an acknowledgement's number that the server has forgotten: all comes again", () => {
    const text = "Channel closed by server: 406 (PRECONDITION-FAILED) with message unknown delivery tag 7";
    assert.equal(isCut(error(text, 406)), true);
  });
});
