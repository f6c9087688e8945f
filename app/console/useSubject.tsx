// A category and one of its subcategories, in a form whose field `subcategory` has the latter's number.
import { useEffect, useState } from 'preact/hooks';
import type { Choice } from '../clients/openapi';
import { categories, useText } from './text';
import type { Desk } from './useDesk';

export function useSubject(desk: Desk) {
  const t = useText();
  const [category, setCategory] = useState(1);
  const [subcategories, setSubcategories] = useState<Choice[]>([]);
  useEffect(() => void desk.subcategories(category).then((found) => setSubcategories(found ?? [])), [category]);
  const fields = (
    <>
      <label>{t.category}
        <select value={category} onChange={(event) => setCategory(Number(event.currentTarget.value))}>
          {categories.map((name, i) => <option key={name} value={i + 1}>{name}</option>)}
        </select>
      </label>
      <label>{t.subcategory}
        <select name="subcategory" required>{subcategories.map(({ idx, name }) => <option key={idx} value={idx}>{name}</option>)}</select>
      </label>
    </>
  );
  return { fields, isKnown: subcategories.length > 0 };
}
