// The app's fixed data: the server's own file.
import { readFileSync } from 'node:fs';

const data = JSON.parse(readFileSync(new URL('../../reference/reference.json', import.meta.url)));
const byIdx = (rows) => new Map(rows.map((row) => [row.idx, row]));

export const { categories, pictures } = data;
export const tickets = byIdx(data.tickets);
export const images = byIdx(data.willsoner_images);
export const subcategories = byIdx(data.subcategories);
const categoriesByIdx = byIdx(categories);

/** A subcategory by name, with its category. */
export function topic(idx) {
  const { name, category_idx } = subcategories.get(idx);
  return { name, category: categoriesByIdx.get(category_idx).name };
}

/** The band of a Korean age. */
export function age(birthYear, now) {
  if (!birthYear) return '';
  const years = new Date(now + 9 * 60 * 60 * 1000).getUTCFullYear() - birthYear + 1;
  const digit = years % 10;
  if (years >= 50) return '50대 이상';
  if (years >= 40 && digit <= 6) return '40대 초중반';
  return `${years - digit}대 ${digit >= 7 ? '후반' : digit >= 4 ? '중반' : '초반'}`;
}
