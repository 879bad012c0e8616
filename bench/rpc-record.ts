/** An object of 1 KiB, as JSON: what a service might answer. */
export interface RpcRecord {
  id: number;
  name: string;
  active: boolean;
  owner: { name: string; mail: string };
  tags: string[];
  values: number[];
}

/** The object of call `id`. */
export function rpcRecord(id: number): RpcRecord {
  return {
    id,
    name: "a sensor on the roof of the third house",
    active: true,
    owner: { name: "Ada Lovelace", mail: "ada.lovelace@example.org" },
    tags: Array.from({ length: 20 }, (_, index) => `tag number ${index}`),
    values: Array.from({ length: 107 }, (_, index) => index * 12.5),
  };
}
