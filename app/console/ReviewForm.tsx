// The asker's last screen: a review, and with it the session's end.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Picture } from '../clients/openapi';
import { useText } from './text';
import type { Desk } from './useDesk';
import { useSending } from './useSending';

export function ReviewForm({ desk, idx, back }: { desk: Desk; idx: number; back(): void }) {
  const t = useText();
  const [images, setImages] = useState<Picture[]>();
  const [rating, setRating] = useState(5);
  const [isSending, send] = useSending();
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    heading.current?.focus();
    desk.reviewImages().then(setImages, () => setImages([]));
  }, []);

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    void send(() => desk.review({
      match_idx: idx, title: String(form.get('title')), content: String(form.get('content')), rating, image_idx: Number(form.get('image')),
    }));
  };

  return (
    <form class="review" aria-labelledby="review" onSubmit={submit}>
      <h3 id="review" tabIndex={-1} ref={heading}>{t.review}</h3>
      <label class="stars">{t.rating}
        <input type="range" min={0.5} max={5} step={0.5} value={rating} aria-valuetext={t.stars(rating)}
          onInput={(event) => setRating(event.currentTarget.valueAsNumber)} />
        <output aria-hidden="true" style={{ '--share': rating / 5 }}><span>★★★★★</span> {rating.toFixed(1)}</output>
      </label>
      <fieldset>
        <legend>{t.image}</legend>
        {images?.map(({ idx, name, detail }) => (
          <label key={idx}><input type="radio" name="image" value={idx} required /><span><strong>{name}</strong> {detail}</span></label>
        ))}
        {images?.length === 0 && <p class="hint">{t.noImages}</p>}
      </fieldset>
      <label>{t.reviewTitle}<input name="title" maxLength={100} /></label>
      <label>{t.content}<textarea name="content" rows={3} maxLength={100} required /></label>
      <p class="actions">
        <button type="submit" class="primary" aria-disabled={isSending} disabled={!images?.length}>{t.submit}</button>
        <button type="button" aria-disabled={isSending} onClick={() => void send(() => desk.complete(idx))}>{t.skip}</button>
        <button type="button" class="plain" onClick={back}>{t.backToTalk}</button>
      </p>
    </form>
  );
}
