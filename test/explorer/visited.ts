/** Which states were seen: by 64 bits of each. Of a million states, two are taken for one once in some 10^7 runs. */
export class Visited {
  private table = new Int32Array(3 << 16);
  private mask = (1 << 16) - 1;
  count = 0;

  /** The number of the state with these halves, counted from 0; as a negative number less one if it was not known. */
  add(high: number, low: number): number {
    if (this.count * 2 > this.mask) this.grow();
    const { table, mask } = this;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 3;
      const id = table[at + 2];
      if (id === 0) {
        table[at] = high;
        table[at + 1] = low;
        table[at + 2] = ++this.count;
        return -this.count;
      }
      if (table[at] === high && table[at + 1] === low) return id - 1;
    }
  }

  private grow(): void {
    const old = this.table;
    const mask = this.mask * 2 + 1;
    const table = new Int32Array(3 * (mask + 1));
    for (let from = 0; from < old.length; from += 3) {
      if (old[from + 2] === 0) continue;
      let slot = old[from + 1] & mask;
      while (table[slot * 3 + 2] !== 0) slot = (slot + 1) & mask;
      table[slot * 3] = old[from];
      table[slot * 3 + 1] = old[from + 1];
      table[slot * 3 + 2] = old[from + 2];
    }
    this.table = table;
    this.mask = mask;
  }
}
