/** Figures as the page writes them. */
export const texts = {
  count: (value: number): string => Math.round(value).toLocaleString("en"),

  rate: (value: number | undefined): string =>
    value === undefined ? "–" : value > 0 && value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en"),

  bytes(value: number): string {
    if (value < 1000) return `${value} B`;
    const exponent = Math.min(4, Math.floor(Math.log10(value) / 3));
    const figure = value / 1000 ** exponent;
    return `${figure.toFixed(figure < 100 ? 1 : 0)} ${["", "kB", "MB", "GB", "TB"][exponent]}`;
  },

  age(seconds: number): string {
    if (seconds < 10) return "<10 s";
    if (seconds < 120) return `${Math.floor(seconds / 10) * 10} s`;
    if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
    return `${Math.floor(seconds / 86_400)} d`;
  },

  stay(seconds: number | undefined): string {
    if (seconds === undefined) return "–";
    if (seconds >= 1) return `${seconds.toFixed(1)} s`;
    return seconds === 0 ? "0 ms" : seconds < 0.0001 ? "<0.1 ms" : `${(seconds * 1000).toFixed(1)} ms`;
  },

  /** A process by its title, of which only the last part when it is a path. */
  process: (pid: number, name: string): string => (name === "" ? `${pid}` : `${name.split("/").pop()} (${pid})`),

  counted: (count: number, one: string, many = `${one}s`): string =>
    `${count.toLocaleString("en")} ${count === 1 ? one : many}`,
};
