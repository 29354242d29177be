insert into nsi.edition (dictionary, title, source, sha256)
values (:dictionary, :title, :source, :sha256)
on conflict (dictionary, sha256) do nothing
returning id
