// The kernels by name, of one instruction set. A kernel's function has the name that the engine asks for.
#include "simd.h"

// clang-format off
#define TTT_KERNELS(X) \
  X(BatchMatMul) \
  X(Add) X(Sub) X(Multiply) X(RealDiv) X(Maximum) X(Minimum) X(SquaredDifference) X(AddN) \
  X(Greater) X(GreaterEqual) X(Less) X(LessEqual) X(Equal) X(NotEqual) X(Select) \
  X(Neg) X(Square) X(Sqrt) X(Rsqrt) X(Exp) X(Log) X(Sigmoid) X(Tanh) X(Softplus) X(Relu) X(Abs) X(Reciprocal) X(Step) \
  X(FloatToInt) X(IntToFloat) X(BoolToFloat) X(BoolToInt) \
  X(Sum) X(Mean) X(Max) X(Min) X(Softmax) X(LogSoftmax) \
  X(Transpose) X(Slice) X(PadV2) X(Tile) X(Concat) X(SplitV) X(GatherV2) X(UnsortedSegmentSum) X(OneHot) X(Fill) \
  X(Linear) X(LinearGrad) X(LinearGradGrad) \
  X(RmsNorm) X(RmsNormGrad) X(RmsNormGradGrad) \
  X(Rope) X(RopeGrad) X(RopeGradGrad) \
  X(Swiglu) X(SwigluGrad) X(SwigluGradGrad) \
  X(Attention) X(AttentionGrad) X(AttentionGradGrad) \
  X(RingWrite) X(RingWriteGrad) X(RingWriteGradGrad) X(RingJoin) X(RingJoinGrad) X(RingJoinGradGrad) \
  X(ShortConv) X(ShortConvGrad) \
  X(SsdScan) X(SsdScanGrad) \
  X(GatedDeltaRule) X(GatedDeltaRuleGrad) \
  X(LinearCrossEntropyLosses) X(LinearCrossEntropy) X(LinearCrossEntropyGrad) \
  X(Lact) X(LactGrad) \
  X(TitansMemory) X(TitansMemoryGrad) \
  X(TttLinear) X(TttLinearGrad) X(TttMlp) X(TttMlpGrad) \
  X(ClippedSgd) X(ClippedSgdGrad) \
  X(Adamw)
// clang-format on

namespace ttt {
namespace TTT_ISA {

#define TTT_DECLARE(name) void name(const Call&);
TTT_KERNELS(TTT_DECLARE)

namespace {
#define TTT_ENTRY(name) {#name, name},
constexpr KernelEntry entries[] = {TTT_KERNELS(TTT_ENTRY)};
}  // namespace

KernelTable kernels() { return {entries, static_cast<int>(sizeof entries / sizeof entries[0])}; }

}  // namespace TTT_ISA
}  // namespace ttt
