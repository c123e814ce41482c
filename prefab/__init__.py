"""prefab configures modular, prefabricated AI datacenters.

brief + catalog ─► sized ─► connected ─► placed ─► routed ─► scheduled ─► audited ─► documents
"""

__version__ = "0.1.0"
