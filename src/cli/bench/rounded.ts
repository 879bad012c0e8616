/** A figure with three digits behind its point: what is behind them was not measured. */
export const rounded = (figure: number): number => Math.round(figure * 1000) / 1000;
