/** Which of Python's path classes a path is of. */
export type PathKind = "PurePath" | "PurePosixPath" | "PureWindowsPath" | "Path" | "PosixPath" | "WindowsPath";

/** A path of Python's `pathlib`: `String(path)` is its text. */
export class PythonPath {
  constructor(
    readonly kind: PathKind,
    readonly text: string,
  ) {
    Object.freeze(this);
  }

  toString(): string {
    return this.text;
  }
}
