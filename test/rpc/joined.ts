import { type Exposed, type ExposeOptions, expose, pipe, type Remote, type RemoteOptions, remote } from "interproc";
import { Session } from "#src/rpc/session.js";

/** Two ends of a pipe in this thread, an api exposed at one and called from the other. */
export interface Joined<Api> extends Disposable {
  readonly api: Remote<Api>;
  readonly exposed: Exposed;
  readonly caller: Session;
  readonly server: Session;
}

export function joined<Api extends object>(
  api: Api,
  options: RemoteOptions & ExposeOptions & { capacity?: number } = {},
): Joined<Api> {
  const [near, far] = pipe({ capacity: options.capacity });
  const exposed = expose(far, api, options);
  const calls = remote<Api>(near, options);
  return {
    api: calls,
    exposed,
    caller: Session.of(near, "test"),
    server: Session.of(far, "test"),
    [Symbol.dispose]: () => {
      near.close();
      far.close();
    },
  };
}

/** A promise and what settles it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
