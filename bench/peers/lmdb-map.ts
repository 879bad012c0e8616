import { loadPeerPackage } from "../peer-packages.js";
import type { BenchedMap, MapValue } from "./benched-map.js";

interface Database {
  get(key: string): MapValue | undefined;
  put(key: string, value: MapValue): Promise<boolean>;
  close(): Promise<void>;
}

/** lmdb-js with its default encoding, on a file in memory; what is put is there for others once its promise has resolved. */
export function openLmdbMap(path: string): BenchedMap {
  const { open } = loadPeerPackage<{ open(options: object): Database }>("lmdb");
  const database = open({ path, noSubdir: true });
  return {
    get: (key) => database.get(key),
    set: (key, value) => database.put(key, value),
    close: () => database.close(),
  };
}
