import type { Format } from '../format'

/** The authors' checkpoints, written by Orbax: folders of items, of which the weights are one. */
export const orbax: Format = {
  name: 'orbax',
  recognises: async (folder) => (await folder.open('model_weights/manifest.ocdbt')) !== undefined,
  // What reads zarr is brought in by those who have any.
  open: async (folder, extensions) => (await import('./open')).openOrbax(folder, extensions),
}
