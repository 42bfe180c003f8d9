"""How Sphinx builds the site: from Markdown, offline, with every asset beside the pages."""

project = "Codara Appliance"
author = "The Codara authors"
language = "en_GB"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
# README pages are for those who browse the folders; the site has pages of its own.
exclude_patterns = ["_build", "README.md", "pictures"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
# Pages that are included from elsewhere link to files the site does not have.
suppress_warnings = ["myst.xref_missing"]
nitpicky = True
html_theme = "furo"
html_title = "Codara Appliance"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"navigation_with_keys": True}
