import { UsageError } from "../../errors.js";
import { dtypeOf, elementsOf } from "./parse-dtype.js";

/** The elements of a {@link NumpyArray}: a list for strings, bytes and objects; two numbers an element for complex ones. */
export type NumpyData = NodeJS.TypedArray | readonly unknown[];

/** How an array of numpy is made: what its elements are, and how they lie. */
export interface NumpyOptions {
  /** By default one dimension, as long as the data. */
  shape?: readonly number[];
  /** As numpy's `dtype.str`: `"<f8"`, `"|b1"`, `"<c16"`, `"<M8[ns]"`, `"<U5"`, `"|S3"`, `"|O"`; by default the data's. */
  dtype?: string;
  /** The first index moves fastest, as in Fortran. */
  isFortran?: boolean;
}

/**
 * A numpy array: its elements in a row, and its shape.
 *
 * @example
 * connection.send(new NumpyArray(new Float64Array(6), { shape: [2, 3] }));
 *
 * @throws UsageError when data, dtype and shape do not fit each other.
 */
export class NumpyArray {
  readonly data: NumpyData;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly isFortran: boolean;

  constructor(data: NumpyData, options: NumpyOptions = {}) {
    const dtype = options.dtype ?? dtypeOf(data);
    if (dtype === undefined)
      throw new UsageError("NumpyArray: there is no numpy type for the data; allowed: typed arrays, or set dtype");
    const per = elementsOf(dtype, data);
    const length = per === undefined ? -1 : data.length / per;
    const shape = options.shape ?? [length];
    const count = shape.reduce((product, side) => product * side, 1);
    if (per === undefined || count !== length || !shape.every((side) => Number.isSafeInteger(side) && side >= 0))
      throw new UsageError(
        `NumpyArray: ${data.length} elements of ${data.constructor.name} are no array of dtype ${dtype} and shape (${shape.join(", ")})`,
      );
    this.data = data;
    this.dtype = dtype;
    this.shape = Object.freeze([...shape]);
    this.isFortran = options.isFortran ?? false;
    Object.freeze(this);
  }
}
