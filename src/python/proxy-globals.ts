import type { PickleGlobals } from "../codec/pickle/own-globals.js";
import { fieldOf } from "../codec/pickle/state-fields.js";
import { CodecError } from "../errors.js";
import { isNames } from "./manager-reply.js";
import { ManagerToken, tokenGlobal } from "./manager-token.js";
import { PythonProxy } from "./python-proxy.js";

/** Stands for one of Python's own classes of proxies. */
class ProxyType {
  constructor(readonly name: string) {}
}

const names =
  `AcquirerProxy ArrayProxy AutoProxy BarrierProxy BaseListProxy BasePoolProxy BaseProxy ConditionProxy DictProxy
  EventProxy IteratorProxy ListProxy NamespaceProxy PoolProxy SetProxy ValueProxy`.split(/\s+/);
const types = new Map(names.map((name) => [name, new ProxyType(name)]));

/** Which class stands for objects of a SyncManager; where a proxy goes home, Python before 3.12 refuses AutoProxy. */
const typeOf: Readonly<Record<string, string>> = {
  Array: "ArrayProxy",
  Barrier: "BarrierProxy",
  BoundedSemaphore: "AcquirerProxy",
  Condition: "ConditionProxy",
  Event: "EventProxy",
  Iterator: "IteratorProxy",
  Lock: "AcquirerProxy",
  Namespace: "NamespaceProxy",
  Pool: "PoolProxy",
  RLock: "AcquirerProxy",
  Semaphore: "AcquirerProxy",
  Value: "ValueProxy",
  dict: "DictProxy",
  list: "ListProxy",
  set: "SetProxy",
};

/** What a manager's messages may name: tokens, and proxies that stand inside values, in both directions. */
export function proxyGlobals(
  make: (token: ManagerToken, exposed: readonly string[] | undefined) => PythonProxy,
): PickleGlobals {
  const proxies = [...types].map(([name, value]) => [`multiprocessing.managers.${name}`, { value }] as const);
  return {
    ...Object.fromEntries(proxies),
    "multiprocessing.managers.Token": tokenGlobal as PickleGlobals[string],
    "multiprocessing.managers.RebuildProxy": {
      class: PythonProxy,
      create: (_type: unknown, token: unknown, serializer: unknown, keywords: unknown) => {
        if (!(token instanceof ManagerToken) || serializer !== "pickle")
          throw new CodecError("a proxy without its token, or of a manager that does not pickle");
        const exposed = fieldOf(keywords, "exposed");
        return make(token, isNames(exposed) ? exposed : undefined);
      },
      getArguments: (proxy) => {
        const { token, exposed } = proxy as PythonProxy;
        const own = Object.hasOwn(typeOf, token.typeid) ? typeOf[token.typeid] : "AutoProxy";
        const keywords = own === "AutoProxy" && exposed ? { exposed } : {};
        return [types.get(own), token, "pickle", keywords];
      },
    },
  };
}
