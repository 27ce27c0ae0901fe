/** `95 %`; a dash for what wasn't measured. */
export const percent = (share: number | undefined) =>
  share === undefined ? '–' : `${Math.round(100 * share)} %`
