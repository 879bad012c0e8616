/** `12 s`, `5 min`, `3 h`, `2 d`: what a person wants to know of an age. */
export function ageText(seconds: number): string {
  if (seconds < 1) return "<1 s";
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
