/*
 * What an ELF shared object asks of the system that loads it: the libraries it needs, and the symbol versions it needs of
 * each. Reads 64-bit little-endian files by their section headers. Source: the System V ABI, chapters 4 and 5, and the
 * Linux Standard Base, "Symbol Versioning".
 */

const SHT_DYNAMIC = 6;
const SHT_VERNEED = 0x6fff_fffe;
const DT_NEEDED = 1n;

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  /** For the two kinds that are read here: the index of the section with their strings. */
  readonly link: number;
  /** For version needs: how many libraries are listed. */
  readonly info: number;
}

export interface ElfNeeds {
  /** As the dynamic linker looks for them: `libc.so.6`. */
  readonly libraries: readonly string[];
  /** The versions of symbols that must be there, by library: `libc.so.6` -> `GLIBC_2.2.5`, `GLIBC_2.28`. */
  readonly versions: ReadonlyMap<string, readonly string[]>;
}

export function elfNeeds(file: Buffer): ElfNeeds {
  const isElf64 = file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;
  if (!isElf64) throw new Error(`not a 64-bit little-endian ELF file: begins with ${file.toString("hex", 0, 6)}`);
  const sections = sectionsOf(file);
  const text = (section: Section, offset: number) => {
    const start = sections[section.link].offset + offset;
    return file.toString("latin1", start, file.indexOf(0, start));
  };
  const libraries = ofType(sections, SHT_DYNAMIC).flatMap((section) =>
    Array.from({ length: section.size / 16 }, (_, i) => section.offset + i * 16)
      .filter((entry) => file.readBigUInt64LE(entry) === DT_NEEDED)
      .map((entry) => text(section, Number(file.readBigUInt64LE(entry + 8)))),
  );
  const versions = new Map<string, readonly string[]>();
  for (const section of ofType(sections, SHT_VERNEED)) {
    let need = section.offset;
    for (let i = 0; i < section.info; i++) {
      const names: string[] = [];
      let auxiliary = need + file.readUInt32LE(need + 8);
      for (let j = 0; j < file.readUInt16LE(need + 2); j++) {
        names.push(text(section, file.readUInt32LE(auxiliary + 8)));
        auxiliary += file.readUInt32LE(auxiliary + 12);
      }
      versions.set(text(section, file.readUInt32LE(need + 4)), names);
      need += file.readUInt32LE(need + 12);
    }
  }
  return { libraries, versions };
}

function sectionsOf(file: Buffer): Section[] {
  const start = Number(file.readBigUInt64LE(0x28));
  const stride = file.readUInt16LE(0x3a);
  return Array.from({ length: file.readUInt16LE(0x3c) }, (_, i) => start + i * stride).map((at) => ({
    type: file.readUInt32LE(at + 4),
    offset: Number(file.readBigUInt64LE(at + 24)),
    size: Number(file.readBigUInt64LE(at + 32)),
    link: file.readUInt32LE(at + 40),
    info: file.readUInt32LE(at + 44),
  }));
}

function ofType(sections: readonly Section[], type: number): Section[] {
  return sections.filter((section) => section.type === type);
}
