// What draws: it takes a while to load.
export { curveFigure, thinned, type Curve, type CurvePoint } from './curve-figure'
export { drawSvg } from './figure'
