select place, d.person, bool_or(d.valid_to is null or d.valid_to >= open.day) as current
from open join erz.document d on d.number_key = erz.number_key(open.document) and d.doctype = open.doctype
where open.document <> ''
group by place, d.person
