// What a figure can be made into.

/** Pixels of a figure's sizes; "screen" is as the stage stands. */
export const SIZES = { "16:9": [1280, 720], "4:3": [960, 720], "1:1": [720, 720] };
export const FILMS = ["mp4", "gif", "webp"];
