insert into erz.document (person, doctype, docser, docnum, issued, package, row)
select distinct on (r.row, n.doctype) r.person, n.doctype, n.docser, n.docnum, n.issued, r.package, r.row
from change_arriving r join document_arriving n on n.row = r.row
where r.refusal is null and r.does in ('state', 'data', 'open')
    and not exists (
        select from erz.document d
        where d.person = r.person and d.doctype = n.doctype and d.valid_to is null
            and d.number_key = erz.number_key(coalesce(n.docser, '') || n.docnum)
    )
order by r.row, n.doctype, n.docnum
