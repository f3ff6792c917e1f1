"""The training steps in PyTorch on one thread: reads parameters and data, then does a step for each line, and tells its time and loss."""

import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)


def read():
    arrays = []
    for about in json.loads(sys.stdin.buffer.readline()):
        count = int(np.prod(about["shape"]))
        data = np.frombuffer(sys.stdin.buffer.read(4 * count), about["dtype"]).reshape(about["shape"])
        tensor = torch.from_numpy(data.copy())
        arrays.append(tensor.long() if about["dtype"] == "int32" else tensor)
    return arrays


def cnn(images, labels, k, b, w1, b1, w2, b2):
    # Channels come first there: the images, the kernel and the rows of the first dense kernel are turned once, ahead.
    x = images.permute(0, 3, 1, 2).contiguous()
    k = k.permute(3, 2, 0, 1).contiguous()
    w1 = w1.reshape(15, 15, 32, 64).permute(2, 0, 1, 3).reshape(7200, 64).contiguous()
    parameters = [p.requires_grad_() for p in (k, b, w1, b1, w2, b2)]

    def loss():
        h = F.max_pool2d(F.relu(F.conv2d(x, k, b)), 2).flatten(1)
        h = F.relu(torch.addmm(b1, h, w1))
        return F.cross_entropy(torch.addmm(b2, h, w2), labels)

    return parameters, loss


def lstm(tokens, labels, embeddings, kernel, recurrent, bias, last, last_bias):
    batch, units = labels.shape[0], recurrent.shape[0]
    layer = torch.nn.LSTM(kernel.shape[0], units, batch_first=True)
    with torch.no_grad():
        layer.weight_ih_l0.copy_(kernel.T)
        layer.weight_hh_l0.copy_(recurrent.T)
        layer.bias_ih_l0.copy_(bias)
        layer.bias_hh_l0.zero_()
    # The others have one bias.
    layer.bias_hh_l0.requires_grad_(False)
    own = [p.requires_grad_() for p in (embeddings, last, last_bias)]
    parameters = own + [layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0]
    x = tokens.reshape(batch, -1)

    def loss():
        h, _ = layer(F.embedding(x, embeddings))
        return F.cross_entropy(torch.addmm(last_bias, h[:, -1], last), labels)

    return parameters, loss


def block(x, target, *parameters):
    gamma1, beta1, gamma2, beta2, *dense = [p.requires_grad_() for p in parameters]
    batch, length, width = x.shape
    heads = 8

    def project(y, i):
        return torch.addmm(dense[2 * i + 1], y, dense[2 * i])

    def loss():
        rows = x.reshape(-1, width)
        normal = F.layer_norm(rows, (width,), gamma1, beta1, 1e-5)
        q, k, v = (project(normal, i).view(batch, length, heads, -1).transpose(1, 2) for i in range(3))
        scores = torch.softmax(q @ k.transpose(2, 3) * (width / heads) ** -0.5, -1)
        z = rows + project((scores @ v).transpose(1, 2).reshape(-1, width), 3)
        normal = F.layer_norm(z, (width,), gamma2, beta2, 1e-5)
        y = z + project(F.gelu(project(normal, 4), approximate="tanh"), 5)
        return F.mse_loss(y.view_as(x), target)

    return list(parameters), loss


def resident(name):
    """What Linux tells of this process, in bytes: VmRSS now, VmHWM at most."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(name))


def forget_peak():
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")


arrays = read()
parameters, loss = {"cnn": cnn, "lstm": lstm, "block": block}[sys.argv[1]](*arrays)
optimizer = torch.optim.Adam(parameters, lr=1e-3)
linux = sys.platform == "linux"
if linux:
    forget_peak()
before = resident("VmRSS") if linux else 0
print(json.dumps({"build": "native"}), flush=True)
for _ in sys.stdin.buffer:
    began = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    value = loss()
    value.backward()
    optimizer.step()
    result = {"loss": value.item(), "ms": (time.perf_counter() - began) * 1000}
    if linux:
        result["grown"] = resident("VmHWM") - before
    print(json.dumps(result), flush=True)
