"""Names and colours of module families on the site plan, in the order of its legend."""

FAMILIES = {
    "it_pod": ("IT pods", "#27567f"),
    "power": ("Power modules with UPS", "#c4553f"),
    "transformer": ("Transformers", "#e3a15c"),
    "cdu": ("Coolant distribution", "#3c8fb5"),
    "pump": ("Pump skids", "#58a6b8"),
    "air_cooling": ("Air cooling", "#8fc3d6"),
    "heat_rejection": ("Heat rejection", "#7fb389"),
    "control": ("Control", "#8f9aa3"),
    "intake": ("MV intake switchgear", "#7a5c9e"),
    "main_transformer": ("Main transformers", "#54407a"),
    "generator": ("Generators", "#8a7a55"),
    "fuel": ("Fuel tanks", "#55595e"),
    "battery": ("Grid batteries", "#3d9a63"),
    "battery_conversion": ("Battery converters", "#7cc49a"),
    "rotary_ups": ("Rotary UPS", "#a8443f"),
    "dc_power": ("800 V DC power", "#d9765f"),
    "electrical_house": ("Electrical houses", "#b56a5c"),
    "fabric": ("Fabric pods", "#4f7fa8"),
    "hv_bay": ("High-voltage bays", "#3b2c5c"),
    "house_transformer": ("House transformers", "#f0c38b"),
    "network": ("Meet-me rooms", "#6f7f8c"),
    "control_room": ("Control rooms", "#5c6b78"),
    "water": ("Water treatment", "#4fb3bf"),
    "buffer_tank": ("Buffer tanks", "#66c2a4"),
}
OTHER = ("Other modules", "#9aa5ad")
