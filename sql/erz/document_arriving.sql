create temporary table document_arriving (row integer not null, doctype text, docser text, docnum text, issued date) on commit drop
