#!/usr/bin/env python3
"""A transformer with full attention, or attention in a window, in plain PyTorch, timed on the graphics card (on the processor
where there is none): training steps with AdamW, reading, and decoding with a cache. One line of JSON for each speed. Shapes
are those of `bench train-speed`. Products in f32 are that: TF32 is off; bf16 is autocast."""
import argparse
import json
import time

import torch
import torch.nn.functional as F
from torch import nn

SIZES = {
    "XS": dict(width=64, heads=2, layers=4, inner=160, words=256, window=32, length=512),
    "S": dict(width=256, heads=4, layers=6, inner=704, words=1024, window=256, length=1024),
    "M": dict(width=512, heads=8, layers=8, inner=1408, words=8192, window=512, length=2048),
    "125m": dict(width=768, heads=12, layers=12, inner=2048, words=128256, window=8192, length=8192),
    "1b": dict(width=2048, heads=32, layers=24, inner=5376, words=128256, window=8192, length=8192),
}
KINDS = {"fa": "full", "swa": "swa"}

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--sizes", default="125m")
parser.add_argument("--methods", default="fa,swa", help="fa, swa; others are passed over")
parser.add_argument("--only", default="", help="SIZE.full|swa.DTYPE.train_step|prefill|decodeN, with commas; all where empty")
parser.add_argument("--dtype", default="f32", help="f32 or bf16")
parser.add_argument("--batch", type=int, default=1)
parser.add_argument("--T", type=int, default=0, help="tokens of a sequence; the size's own where 0")
parser.add_argument("--reps", type=int, default=5)
given = parser.parse_args()

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
card = torch.cuda.get_device_name() if device.type == "cuda" else "cpu"
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False


def rotate(x, angles):
    """Rotary position embedding of [B, H, T, D]; pairs are a half apart."""
    first, second = x.chunk(2, dim=-1)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1).to(x.dtype)


class Norm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x):
        wide = x.float()
        return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + 1e-6) * self.scale).to(x.dtype)


class Block(nn.Module):
    def __init__(self, width, heads, inner, window):
        super().__init__()
        self.heads, self.window = heads, window
        self.before_attention, self.before_mlp = Norm(width), Norm(width)
        self.to_qkv = nn.Linear(width, 3 * width, bias=False)
        self.from_heads = nn.Linear(width, width, bias=False)
        self.gate_and_up = nn.Linear(width, 2 * inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)

    def attend(self, q, k, v):
        """[B, H, T, D] each; longer than a window it goes in blocks of a window, each seeing the one before it, too."""
        tokens, window = q.shape[2], self.window
        if window is None or tokens <= window:
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)
        blocks = tokens // window
        kept = torch.ones(window, 2 * window, dtype=torch.bool, device=q.device).tril(window).triu(1)
        outputs = []
        for i in range(blocks):
            rows = slice(i * window, (i + 1) * window)
            seen = slice(max(0, i - 1) * window, (i + 1) * window)
            mask = kept if i > 0 else kept[:, window:]
            outputs.append(F.scaled_dot_product_attention(q[:, :, rows], k[:, :, seen], v[:, :, seen], attn_mask=mask))
        return torch.cat(outputs, dim=2)

    def forward(self, x, angles, cache=None, position=0):
        batch, tokens, width = x.shape
        qkv = self.to_qkv(self.before_attention(x)).view(batch, tokens, 3, self.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        q, k = rotate(q, angles), rotate(k, angles)
        if cache is None:
            mixed = self.attend(q, k, v)
        else:
            keys, values = cache
            place = position % keys.shape[2]
            keys[:, :, place], values[:, :, place] = k[:, :, 0], v[:, :, 0]
            seen = min(position + 1, keys.shape[2])
            mixed = F.scaled_dot_product_attention(q, keys[:, :, :seen], values[:, :, :seen])
        x = x + self.from_heads(mixed.transpose(1, 2).reshape(batch, tokens, width))
        gate, up = self.gate_and_up(self.before_mlp(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


class Model(nn.Module):
    def __init__(self, width, heads, layers, inner, words, window):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.blocks = nn.ModuleList([Block(width, heads, inner, window) for _ in range(layers)])
        self.norm = Norm(width)
        head = width // heads
        self.register_buffer("rates", 500_000.0 ** (-torch.arange(0, head, 2).float() / head))

    def forward(self, tokens, caches=None, position=0):
        places = torch.arange(position, position + tokens.shape[1], device=tokens.device).float()
        angles = places[:, None] * self.rates
        x = self.embedding(tokens)
        for i, block in enumerate(self.blocks):
            x = block(x, angles, caches and caches[i], position)
        return F.linear(self.norm(x), self.embedding.weight)


def median_seconds(run):
    """Of `reps` runs, behind two that aren't timed."""
    seconds = []
    for i in range(given.reps + 2):
        if device.type == "cuda":
            torch.cuda.synchronize()
        start = time.perf_counter()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize()
        if i >= 2:
            seconds.append(time.perf_counter() - start)
    return sorted(seconds)[len(seconds) // 2]


def wanted(figure):
    """Whether this figure was asked for; `decodeN` stands for any number of tokens behind `decode`."""
    return given.only == "" or any(each.startswith(figure) for each in given.only.split(","))


def measure(size, method):
    shape = dict(SIZES[size])
    length = given.T or shape.pop("length")
    shape.pop("length", None)
    window = shape.pop("window")
    name = f"{size}.{KINDS[method]}.{given.dtype}"
    torch.manual_seed(0)
    model = Model(**shape, window=window if method == "swa" else None).to(device)
    tokens = torch.randint(shape["words"], (given.batch, length + 1), device=device)
    inputs, targets = tokens[:, :-1], tokens[:, 1:]
    rounded = torch.autocast(device.type, dtype=torch.bfloat16, enabled=given.dtype == "bf16")

    def loss_of():
        with rounded:
            logits = model(inputs)
        return F.cross_entropy(logits.flatten(0, 1).float(), targets.flatten())

    def say(what, speed, **more):
        line = dict(peer=f"torch {torch.__version__}", device=card, method=method, size=size, what=what, dtype=given.dtype)
        print(json.dumps({**line, **more, "batch": given.batch, "T": length, "tokens_per_s": round(speed, 1)}), flush=True)

    def read():
        with torch.no_grad():
            loss_of()

    if wanted(f"{name}.prefill"):
        say("prefill", given.batch * length / median_seconds(read))
    if wanted(f"{name}.train_step"):
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

        def step():
            optimizer.zero_grad(set_to_none=True)
            loss_of().backward()
            optimizer.step()

        say("train_step", given.batch * length / median_seconds(step))
        del optimizer
        model.zero_grad(set_to_none=True)
    if wanted(f"{name}.decode"):
        decode(model, size, method, shape, window)


def decode(model, size, method, shape, window):
    """One sequence, token after token, behind as many as `--only` says, or the size's length."""
    named = [each.rsplit("decode", 1)[1] for each in given.only.split(",") if ".decode" in each]
    context = int(named[0]) if named else SIZES[size]["length"]
    count = 32
    head = shape["width"] // shape["heads"]
    kept = context + count if method == "fa" else window
    dtype = torch.bfloat16 if given.dtype == "bf16" else torch.float32
    empty = lambda: torch.randn(1, shape["heads"], kept, head, device=device, dtype=dtype)
    caches = [(empty(), empty()) for _ in range(shape["layers"])]
    rounded = torch.autocast(device.type, dtype=torch.bfloat16, enabled=given.dtype == "bf16")

    def run():
        token = torch.zeros(1, 1, dtype=torch.long, device=device)
        with torch.no_grad(), rounded:
            for i in range(count):
                token = model(token, caches, context + i).argmax(-1)

    line = dict(peer=f"torch {torch.__version__}", device=card, model=KINDS[method], size=size, what="decode")
    milliseconds = 1000 * median_seconds(run) / count
    print(json.dumps({**line, "prec": given.dtype, "ctx": context, "ms_tok": round(milliseconds, 4)}), flush=True)


for each_size in given.sizes.split(","):
    for each_method in given.methods.split(","):
        if each_method in KINDS:
            measure(each_size, each_method)
