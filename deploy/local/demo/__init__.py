"""Everything that the demonstration invents: a catalogue, documents of channels, and a stream of them."""
