/**
 * Up to this many objects, the engine's search through a list (5 ns and 0.3 ns an element) is cheaper than a Map (45 ns
 * for an object that has no identity hash yet).
 */
const LISTED = 192;

/** Objects and their numbers: a list while they are few, a Map then. */
class Group {
  private list: object[] = [];
  private numbers: number[] = [];
  private map: Map<object, number> | undefined;

  /** The object's number; -1 when it is new, which gives it this one. */
  find(object: object, number: number): number {
    if (this.map !== undefined) return this.findInMap(this.map, object, number);
    const { list } = this;
    const index = list.indexOf(object);
    if (index >= 0) return this.numbers[index];
    if (list.length === LISTED) {
      this.map = new Map(list.map((listed, place) => [listed, this.numbers[place]]));
      return this.findInMap(this.map, object, number);
    }
    list.push(object);
    this.numbers.push(number);
    return -1;
  }

  clear(): void {
    if (this.list.length === 0) return;
    this.list = [];
    this.numbers = [];
    this.map = undefined;
  }

  private findInMap(map: Map<object, number>, object: object, number: number): number {
    const known = map.get(object);
    if (known !== undefined) return known;
    map.set(object, number);
    return -1;
  }
}

/** The objects of one message in the order in which they were met: who was met before, and as which one. */
export class IdentityTable {
  /** Many messages have one object only. */
  private first: object | undefined;
  // two searches of half the length; what is an array stays one
  private readonly arrays = new Group();
  private readonly others = new Group();
  private count = 0;

  /** The number of an object that was met before; -1 for a new one, which now has the next number. */
  find(object: object): number {
    if (this.count === 0) {
      this.first = object;
      this.count = 1;
      return -1;
    }
    if (object === this.first) return 0;
    const number = (Array.isArray(object) ? this.arrays : this.others).find(object, this.count);
    if (number < 0) this.count++;
    return number;
  }

  /** Uses up a number that nobody will look for. */
  skip(): void {
    this.count++;
  }

  /** The number that the next new object gets. */
  get next(): number {
    return this.count;
  }

  clear(): void {
    this.first = undefined;
    if (this.count > 1) {
      this.arrays.clear();
      this.others.clear();
    }
    this.count = 0;
  }
}
