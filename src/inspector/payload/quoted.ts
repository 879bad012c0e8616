const MOST_SHOWN = 500;

/** What changes how text beside it is shown, or is not seen at all: controls, and marks of direction and width. */
const UNSEEN = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** A string in quotes, every character of which is seen; of `length` characters, when more are left out. */
export function quoted(text: string, length = text.length): string {
  const shown = text.slice(0, MOST_SHOWN);
  const safe = JSON.stringify(shown).replace(
    UNSEEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return length > shown.length ? `${safe}… (${length.toLocaleString("en")} characters)` : safe;
}
