select dictionary, id, sha256 from nsi.edition where id = any(:editions) order by dictionary
