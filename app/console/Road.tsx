// The user's two roles and own page, one at a time.
import { Asker } from './Asker';
import { MyPage } from './MyPage';
import { useText } from './text';
import type { Desk } from './useDesk';
import { WillsonerSide } from './WillsonerSide';

const sides = ['asker', 'willsoner', 'me'] as const;
export type Side = (typeof sides)[number];

interface Props {
  desk: Desk;
  side: Side;
  show(side: Side): void;
}

export function Road({ desk, side, show }: Props) {
  const t = useText();
  return (
    <section class="pane list" tabIndex={-1} aria-label={t.sessions}>
      <nav class="sides" aria-label={t.sides}>
        {sides.map((each) => (
          <button key={each} type="button" aria-pressed={side === each} onClick={() => show(each)}>{t.side[each]}</button>
        ))}
      </nav>
      <div hidden={side !== 'asker'}><Asker desk={desk} /></div>
      <div hidden={side !== 'willsoner'}><WillsonerSide desk={desk} /></div>
      <div hidden={side !== 'me'}><MyPage desk={desk} /></div>
    </section>
  );
}
