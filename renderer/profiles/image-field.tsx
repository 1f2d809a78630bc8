import { Autocomplete } from '@base-ui/react/autocomplete';
import { ChevronDown } from 'lucide-react';
import { useState } from 'react';
import type { ImageInfo } from '../../shared/backends.ts';
import { PROFILE_LABELS } from '../../shared/labels.ts';
import { formatBytes } from '../components/format.ts';
import { loadOffers } from './actions.ts';
import { useEditor } from './editor-context.ts';
import { Field } from './fields.tsx';
import { describeAge, offeredImages } from './images.ts';

/** The container’s image: typed, or taken from those that the engine has. */
export function ImageField() {
  const { draft, change, offers } = useEditor();
  const [openedWith, setOpenedWith] = useState<string | null>(null);
  const images = offers?.images ?? [];
  const shown = offeredImages(images, draft.image, openedWith);
  return (
    <Field
      field="image"
      hint={
        images.length === 0
          ? 'An image name, such as debian:bookworm-slim. The engine’s images are listed here when it can be reached.'
          : 'An image that the engine has, or the name of one to pull.'
      }
    >
      {(props) => (
        <Autocomplete.Root
          items={shown}
          mode="none"
          value={draft.image}
          openOnInputClick
          // A list with nothing in it would hide the page from screen readers, and show nothing.
          open={openedWith !== null && shown.length > 0}
          itemToStringValue={(image: ImageInfo) => image.name}
          onValueChange={(image) => change({ image })}
          onOpenChange={(open) => {
            setOpenedWith(open ? draft.image : null);
            if (open) void loadOffers();
          }}
        >
          <div className="profile-combo">
            {/* While the list is open, everything else is hidden from screen readers, its label too. */}
            <Autocomplete.Input
              {...props}
              className="field mono"
              spellCheck={false}
              aria-label={PROFILE_LABELS.image}
            />
            {images.length === 0 ? null : (
              <Autocomplete.Trigger className="icon-button" aria-label="Show the engine’s images">
                <ChevronDown className="icon" aria-hidden="true" />
              </Autocomplete.Trigger>
            )}
          </div>
          <Autocomplete.Portal>
            <Autocomplete.Positioner className="positioner" align="start" sideOffset={4}>
              <Autocomplete.Popup role="region" aria-label="The engine’s images" className="popup profile-images">
                <Autocomplete.List>
                  {(image: ImageInfo) => (
                    <Autocomplete.Item key={image.name} value={image} className="item">
                      <span className="item-label mono">{image.name}</span>
                      <span className="item-keys figures">
                        {formatBytes(image.bytes)} · {describeAge(image.createdAt, Date.now())}
                      </span>
                    </Autocomplete.Item>
                  )}
                </Autocomplete.List>
              </Autocomplete.Popup>
            </Autocomplete.Positioner>
          </Autocomplete.Portal>
        </Autocomplete.Root>
      )}
    </Field>
  );
}
