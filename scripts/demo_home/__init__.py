"""The demo: emulated plugs, a broker and a real Home Assistant that exports to file and broker."""
