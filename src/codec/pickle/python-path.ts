export type PathKind = "PurePath" | "PurePosixPath" | "PureWindowsPath" | "Path" | "PosixPath" | "WindowsPath";

/** A path of Python's `pathlib`; `String(path)` is the path as text. */
export class PythonPath {
  readonly parts: readonly string[];

  constructor(
    readonly kind: PathKind,
    parts: readonly string[],
  ) {
    this.parts = Object.freeze([...parts]);
    Object.freeze(this);
  }

  toString(): string {
    const { parts, kind } = this;
    if (parts.length === 0) return ".";
    const separator = kind.includes("Windows") ? "\\" : "/";
    const [first, ...rest] = parts;
    return first.endsWith(separator) || rest.length === 0 ? first + rest.join(separator) : parts.join(separator);
  }
}
