"""The claims of the lecture notes that are numbers or formulas and belong to no network and no calculator of their own.

Those of a network stand in its spec, `specs/lecture/NAME.yaml` under `notes`, those of a calculator in its Example.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..namedtuples import NamedTuple

NOTES: Mapping[str, str] = {
    "F0": "Coursera, Convolutional Neural Networks, week 2",
    "F1": "the same week, with depthwise separable convolutions and MobileNet",
    "F2": "Harvard CS109B 2020, lecture 11, slides",
    "F3": "the same week as F0, in Chinese",
    "F4": "Coursera, Convolutional Neural Networks, the whole course, weeks 1 to 4",
}
"""The five sets of notes, by their short names."""


class Claim(NamedTuple):
    """Something that the notes print."""

    section: str
    """Which notes, and where in them."""

    printed: str
    verdict: str
    """A word of VERDICTS."""

    right: str
    """What is right, with exact figures."""

    why: str = ""
    commands: tuple[str, ...] = ()
    """What shows it, behind `cnncalc`; none where no network has to do with it."""


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "F0 and F3, week 2, classic networks: LeNet-5",
        "about 60k parameters",
        "rounded",
        "61,706 in the form of the course; exactly 60,000 in that of 1998",
        "1998 has a sparse table of connections in C3, trained subsampling and fixed RBF outputs",
        ("params lenet5", "params lenet5_1998"),
    ),
    Claim(
        "F0, F2 and F3, week 2, classic networks: AlexNet",
        "about 60M parameters",
        "rounded",
        "60,965,224",
        "with the two groups of the paper; 62,378,344 without, 61,100,840 of torchvision's one tower",
        ("params alexnet", "params alexnet --set groups=1", "params alexnet_owt"),
    ),
    Claim(
        "F2, slide 70, AlexNet",
        "about 255 MB",
        "wrong",
        "243.9 MB (232.6 MiB)",
        "60,965,224 x 4 bytes; without groups 249.5 MB (238.0 MiB)",
        ("params alexnet", "params alexnet --set groups=1"),
    ),
    Claim(
        "F2, slide 70, AlexNet",
        "12 layers",
        "loose",
        "8 layers that learn",
        "5 convolutions, 3 pools, 3 linear layers and the softmax are 12; layers are counted by their weights",
        ("explain alexnet",),
    ),
    Claim(
        "F2, slide 70, AlexNet",
        "an input of 227 x 227 x 3",
        "right",
        "55",
        "(227 - 11) / 4 + 1; the paper prints 224, which gives 54",
        ("worked output-size n=227 f=11 s=4", "worked output-size n=224 f=11 s=4"),
    ),
    Claim(
        "F2, slide 69, AlexNet",
        "an error of 15.3%, more than 10.8 points below the next",
        "right",
        "26.2 - 15.3 = 10.9",
        "no figure of an architecture: from the results of ILSVRC-2012",
    ),
    Claim(
        "F0, week 2, classic networks: VGG-16",
        "138M parameters, 16 layers with weights",
        "rounded",
        "138,357,544; 13 convolutions and 3 linear layers",
        "",
        ("params vgg16", "explain vgg16"),
    ),
    Claim(
        "F3, week 2, classic networks: VGG-16",
        "136M parameters",
        "wrong",
        "138,357,544",
        "",
        ("params vgg16",),
    ),
    Claim(
        "F2, slide 73, VGG-16",
        "138M parameters, about 522 MB",
        "wrong",
        "553.4 MB (527.8 MiB)",
        "138,357,544 x 4 bytes",
        ("params vgg16",),
    ),
    Claim(
        "F4, week 2, classic networks: VGG",
        "essentially doubles the filter size every layer",
        "wrong",
        "64, 128, 256, 512, 512",
        "the number of filters doubles, block by block, up to 512; the filters stay 3 x 3",
        ("shapes vgg16",),
    ),
    Claim(
        "F0, week 2, residual networks",
        "152 layers",
        "right",
        "60,192,808",
        "parameters; 151 convolutions on the way and a linear layer",
        ("params resnet152",),
    ),
    Claim(
        "F3, week 2, residual networks",
        "5 residual blocks in the figure; a shortcut skips 3 layers in the assignment",
        "open",
        "the blocks of the 50-layer assignment skip 3",
        "the figures are missing from the text",
        ("explain lecture/identity_block",),
    ),
    Claim(
        "F1, week 2, MobileNet: cost",
        "N n^2 f^2 n_C; n_C n^2 f^2; N n_C n^2; together n_C n^2 (f^2 + N)",
        "right",
        "1,228,800; 4,800; 49,152; 53,952",
        "for n = 8 outputs a side, f = 5, n_C = 3 and N = 256",
        ("worked separable",),
    ),
    Claim(
        "F0, F3 and F4, week 2, inception network",
        "ten times cheaper",
        "rounded",
        "9.68",
        "120,422,400 / 12,443,648",
        ("worked bottleneck",),
    ),
    Claim(
        "F2, slides 74 and 75, GoogLeNet",
        "filters of 1x1, 3x3, 5x",
        "wrong",
        "5x5",
        "a slip of the pen",
        ("shapes lecture/inception_module",),
    ),
    Claim(
        "F2, slide 71, ZFNet",
        "won ILSVRC-2013 with 11.2%",
        "wrong",
        "Clarifai won, with 11.7%, and 11.2% with further data",
        "no figure of an architecture: Szegedy et al. 2014, arXiv:1409.4842, Table 2",
    ),
    Claim(
        "F2, slide 79, residual networks",
        "appeared in 2016",
        "wrong",
        "2015",
        "arXiv:1512.03385 is of December 2015, as slide 78 says",
        ("zoo resnet50_v1",),
    ),
    Claim(
        "F2, slide 86, further networks",
        "ShuffleNet v1 and v2: arXiv:1707.01083",
        "incomplete",
        "1807.11164",
        "1707.01083 is v1 alone",
        ("zoo shufflenet",),
    ),
    Claim(
        "F2, slide 84, DenseNet",
        "about 12 filters a layer",
        "right",
        "1,019,722",
        "parameters with a growth of k = 12 and 40 layers, on CIFAR",
        ("params densenet_cifar",),
    ),
    Claim(
        "F4, week 1, convolutions",
        "valid: n - f + 1; same: p = (f - 1) / 2",
        "right",
        "6 x 6 with 3 x 3 gives 4 x 4; with p = 1 it stays 6 x 6",
        "p = (f - 1) / 2 keeps the size for odd f and a stride of 1 alone",
        ("worked output-size n=6 f=3 s=1", "worked output-size n=6 f=3 s=1 p=1"),
    ),
    Claim(
        "F4, week 1, convolutions over volume",
        "27 rather than 9 additions",
        "loose",
        "27 multiplications and 26 additions",
        "for each of 16 places: 432 and 416; a bias adds one",
        ("worked layer n=6 channels=3 filters=1",),
    ),
    Claim(
        "F4, week 1, one layer of a convolutional network",
        "weights f x f x nc[l-1] x nc[l], biases nc[l]",
        "right",
        "270 and 10",
        "for ten filters of 3 x 3 x 3",
        ("worked layer", "explain lecture/ten_filters"),
    ),
    Claim(
        "F4, week 2, computational cost",
        "(nh nw #filters) (f f nc) operations",
        "right",
        "120,422,400",
        "multiplications of 28 x 28 x 32 outputs, each of 5 x 5 x 192",
        ("worked bottleneck", "explain lecture/inception_5x5"),
    ),
    Claim(
        "F4, week 4, one-shot learning: siamese network",
        "two pictures through the same network",
        "right",
        "38,951,745 parameters and 1,817,251,840 MACs",
        "shared weights count once, and their MACs for each picture; three times for a triplet",
        ("summary siamese", "summary triplet"),
    ),
    Claim(
        "F4, week 4, neural style transfer: cost",
        "G is n_c x n_c",
        "right",
        "873,463,808",
        "MACs of the Gram matrices of the five taps of VGG-19 on 224 x 224, n_h n_w n_c^2 each",
        ("macs style_transfer_vgg19",),
    ),
)
