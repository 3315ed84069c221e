"""Networks run fast: what is only speed, apart from the kernels that define what is computed.

Every layer computes what its kernel in `kernels/` does, which the tests hold it to; `validate` never comes here.
"""
