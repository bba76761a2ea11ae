/**
 * Points are decimal numbers as a person writes them, and are counted as such: nothing of what a
 * binary fraction does to 0.285 or 33.35 % reaches a grade.
 */
import { Big } from 'big.js';

export type Decimal = Big;

/** A number as it is written in the course file. */
export function decimal(value: number | Decimal): Decimal {
  return new Big(value);
}

/** To 2 decimals, half up: 2.345 is 2.35. */
export function rounded(value: number | Decimal): Decimal {
  return new Big(value).round(2, Big.roundHalfUp);
}

/** Whole hundredths of a number of points, half up. */
export function cents(value: number | Decimal): number {
  return rounded(value).times(100).toNumber();
}

/** `value` × `of` ÷ `by`, to 2 decimals, half up. */
export function proportion(value: number, of: number, by: number): number {
  return rounded(new Big(value).times(of).div(by)).toNumber();
}

/** The whole part of total × weight ÷ sum, and what is left of it, without any rounding. */
export function wholeShare(
  total: number,
  weight: Decimal,
  sum: Decimal,
): { readonly whole: number; readonly rest: Decimal } {
  const product = weight.times(total);
  const whole = product.div(sum).round(0, Big.roundDown);
  // The division is cut off far behind the point: where that hid the last whole, it is given back.
  const corrected = whole.plus(1).times(sum).lte(product) ? whole.plus(1) : whole;
  return { whole: corrected.toNumber(), rest: product.minus(corrected.times(sum)) };
}

/** What points are multiplied with when so many percent are taken off. */
export function factorOf(percentOff: Decimal): number {
  return new Big(100).minus(percentOff).div(100).toNumber();
}

/** Hundredths × a factor, in whole hundredths, half up. */
export function scaledCents(value: number, factor: number): number {
  return new Big(value).times(factor).round(0, Big.roundHalfUp).toNumber();
}
