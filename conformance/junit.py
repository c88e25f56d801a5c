"""junit.py SCHEMA REPORT…: hold JUnit reports to an XML schema."""
import sys
from lxml import etree

schema = etree.XMLSchema(etree.parse(sys.argv[1]))
for report in sys.argv[2:]:
    schema.assertValid(etree.parse(report))
