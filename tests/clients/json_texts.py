"""The JSON texts of json_vectors.py, in the manner of JSONTestSuite: group -> {name: text}, made from compact rules.

A name begins with y_ where RFC 8259 (and RFC 3629 for the bytes) takes the text, with n_ where they refuse it, and with i_
where they leave it open; i_ texts are carried here, and c_ ones are refused though some readers take them.
Every text is a value by itself; none of n_ becomes right by what may stand before or behind it in an object.
"""


def named(kind, *texts):
    """Texts that are their own names."""
    return {kind + ascii(text)[1:-1]: text.encode() for text in texts}


def strings(kind, *insides):
    return {kind + (ascii(inside)[1:-1] or "empty"): b'"' + inside.encode() + b'"' for inside in insides}


def at_block_borders(kind, name, piece):
    """A piece of a string where the blocks of a fast reader (8 and 16 bytes) end and begin."""
    return {"%s%s behind %d" % (kind, name, count): b'"' + b"a" * count + piece + b'"' for count in (0, 7, 8, 14, 15, 16, 31)}


def raw(kind, *pieces):
    """Strings of bytes."""
    return {kind + piece.hex(): b'"' + piece + b'"' for piece in pieces}


TEXTS = {
    "numbers": {
        **named("y_", "0", "-0", "1", "-1", "10", "123456789", "1.5", "-0.0", "0.1", "1.50", "1e5", "1E5", "1e+5", "1E-5", "0e0", "0E+00", "1e-0", "-1.5e-10",
                "9007199254740993", "-9223372036854775809", "18446744073709551616", "0.30000000000000004", "1.0000000000000000000000000001",
                "100e-2", "4.9406564584124654e-324", "1.7976931348623157e308", "123456789012345678901234567890.123456789012345678901234567890"),
        **named("i_", "1e400", "-1e400", "1e-400", "0e999999999999", "1e123456789012345678901234567890"),
        "i_10,000 digits": b"7" * 10_000, "i_10,000 decimals": b"0." + b"3" * 10_000, "i_10,000 digits of an exponent": b"1e" + b"0" * 9_999 + b"1",
        **named("n_", "00", "01", "-01", "-00", "007", "+1", "+0", "++1", "--1", "-", "+", "-+1", "- 1", "-a", "1.", "-1.", "0.", ".5", "-.5", ".", "1..5",
                "1.5.5", "1.e5", ".e1", "e5", "E", "1e", "1E", "1e+", "1e-", "1e++5", "1e+-5", "1e5.5", "1e5e5", "1ee5", "1e 5", "1 e5", "1.5e", "0e", "0e+",
                "1a", "1f", "1L", "1n", "1_000", "1,000", "1 000", "1'000", "0x10", "0X1F", "0b1", "0o7", "0-1", "1-1", "1+1", "1/2", "1%", "(1)", "$1", "Infinity",
                "-Infinity", "+Infinity", "Inf", "NaN", "-NaN", "nan", "1.#INF", "\uff11", "\u0663", "\u00bd", "\u221e", "\u22121"),
        "n_NUL behind": b"1\0", "n_a byte of no UTF-8 behind": b"1\xff", "n_cut by a byte of no UTF-8": b"-\xff1",
    },
    "strings": {
        **strings("y_", "", "a", " ", "\u007f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufeff", "\ufffe", "\uffff", "\U00010000", "\U0001f600", "\U0010ffff", "\u2028",
                  "\u2029", "\u00a0", '\\"', "\\\\", "\\/", "/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0000", "\\u0041", "\\u00e9", "\\u00E9", "\\uD834\\uDd1e", "\\uFFFF", "\\uDBFF\\uDFFF",
                  "\\\\u0041", "\\\\\\\\", "'", "//", "/*", "#", "{", "]", "\\\"\\\"", "null"),
        "y_70,000 long": b'"' + b"a" * 70_000 + b'"',
        **at_block_borders("y_", "an escape", b"\\n"), **at_block_borders("y_", "a surrogate pair", b"\\ud83d\\ude00"), **at_block_borders("y_", "four bytes", "\U0001f600".encode()),
        **strings("i_", "\\ud800", "\\uDFFF", "\\uD800\\uD800", "\\uDC00\\uD800", "\\uD800a", "\\uD800\\n", "a\\uDBFFa", "\\uD800\\u0041"),
        **strings("n_", "\\", "\\a", "\\v", "\\0", "\\x41", "\\'", "\\`", "\\N", "\\T", "\\ ", "\\\u00e9", "\\u", "\\u1", "\\u12", "\\u123", "\\u123g", "\\u12 4", "\\uG000", "\\u+041", "\\u-041", "\\u{41}",
                  "\\U00000041", "\\uD800\\", "\\uD800\\u", "\\uD800\\u1", "\\uD83D\\x"),
        **named("n_", '"', '"a', 'a"', '"a\\"', "'", "'a'", "a", "`a`", "\u201ca\u201d", '""a"', '"a" "b"', '"a"b', 'u"a"', 'b"a"', '"""a"""'),
        **{"n_control %02x" % code: b'"a' + bytes([code]) + b'b"' for code in range(0x20)},
        **at_block_borders("n_", "a newline", b"\n"), **at_block_borders("n_", "an unknown escape", b"\\q"), **at_block_borders("n_", "an overlong slash", b"\xc0\xaf"),
        **raw("n_", b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc2", b"\xc3a", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xe4\xb8", b"\xe4\xb8a", b"\xed\xa0\x80", b"\xed\xbf\xbf",
              b"\xed\xa0\xbd\xed\xb8\x80", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf0\x9f\x98", b"\xf0\x9fa", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80",
              b"\xfc\x84\x80\x80\x80\x80", b"\xfe", b"\xff", b"\xe9t\xe9", b"a\xc3\xa9\x80", b"\xc3\xa9\xc3"),
    },
    "arrays": {
        **named("y_", "[]", "[ ]", "[[]]", "[[],[]]", "[1]", "[1,2]", "[ 1 , 2 ]", '[null,true,false,0,"",[],{}]', "[1\n,2]", "[[[[[[[[]]]]]]]]"),
        "y_10,000 elements": b"[" + b"0," * 9_999 + b"0]", "y_100 deep": b"[" * 100 + b"]" * 100, "y_400 deep, both kinds": b'[{"a":' * 200 + b"0" + b"}]" * 200,
        "c_2,000 deep": b"[" * 2_000 + b"]" * 2_000, "c_100,000 deep": b"[" * 100_000 + b"]" * 100_000,
        **named("n_", "[", "[[", "[1", "[1,", "[,", "[,]", "[1,]", "[,1]", "[1,,2]", "[1,2,,]", "[1 2]", "[1:2]", "[1;2]", '["a":1]', "[1}", "[)", "[1]]", "[]]", "[*]", "[1,\n", "[-]", "[a]", "[\\n]", "[1]x",
                "[...]", "[<null>]", "[undefined]", "[1,2", "[\"a\",", "[\"a", "[[1,2]"),
        "n_2,000 open": b"[" * 2_000, "n_100,000 open": b"[" * 100_000, "n_a vertical tab": b"[\x0b1]", "n_a form feed": b"[\x0c]", "n_a byte of no UTF-8": b"[\xff]",
    },
    "objects": {
        **named("y_", "{}", "{ }", '{"a":1}', '{"":0}', '{"a":{}}', '{ "a" : 1 , "b" : 2 }', '{"\\u0061":1}', '{"a\\u0000b":1}', '{"\u00e9":1}', '{"a":\t[1,{"b":null}]}', '{"a":1,"A":2}', '{"model":1,"stream":2,"messages":[]}',
                '{"__proto__":{"a":1}}', '{"constructor":{"prototype":{}}}', '{"a b":1}', '{"\\"":1}'),
        **named("i_", '{"a":1,"a":2}', '{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"\\ud800":1}'),
        "y_1,000 members": b"{" + b",".join(b'"k%d":%d' % (i, i) for i in range(1_000)) + b"}", "y_a name of 10,000": b'{"' + b"k" * 10_000 + b'":1}',
        "n_100,000 open": b'{"a":' * 100_000,
        **named("n_", "{", "}", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a"}', '{"a":}', '{"a",1}', '{"a" 1}', '{"a";1}', '{"a"=1}', '{"a"=>1}', '{"a"::1}', '{"a":1,}', '{,}', '{,"a":1}', '{"a":1,,"b":2}',
                '{"a":1 "b":2}', '{"a":1;"b":2}', "{:1}", "{1:1}", "{a:1}", "{'a':1}", "{null:1}", "{true:1}", "{[]:1}", "{{}:1}", '{"a":1]', "{]", '{"a":1}}', '{"a":1}{', '{"a":a}', '{"a":\'b\'}', '{"a":1 2}', '{"a":"b"c}', '{"a":+1}',
                '{"a\\x":1}', '{"a":"b":"c"}', '{"a"/**/:1}', "{...}", '{"a":1,"b"', '{"a', '{"a\n":1}', "{\"a\":1}#", "{(1)}"),
        "n_a name of no UTF-8": b'{"\xff":1}', "n_a name with a surrogate's bytes": b'{"\xed\xa0\x80":1}', "n_a name with a control": b'{"\x01":1}',
    },
    "literals": {
        **named("y_", "null", "true", "false"),
        **named("n_", "nul", "nulll", "Null", "NULL", "n", "tru", "truee", "True", "TRUE", "t", "fals", "falsee", "False", "f", "yes", "no", "on", "undefined", "None", "nil", "void", "true1", "nullnull", "true false",
                "!true", "-true", "\u0442rue", "nul\u217c", "*", "&a", "<a>", "@", "~", "\\u0031", "\\", ";", ":", "/", "()", "=1", "``"),
    },
    "white space": {
        **named("y_", " 1", "\t1", "\n1", "\r1", "1 ", "1\n", " \r\n\t1\t\n\r ", "\n\n\n\n[\n1\n]"),
        "y_70,000 blanks": b" " * 70_000 + b"1",
        **named("n_", "", " ", "\n\t", "\u00a01", "\u20281", "\u30001", "\u200b1", "\u00851", "1\u00a0", "// x\n1", "/* x */1", "1/**/", "# x\n1", "1 // x", "1#", "--1", "<!-- 1 -->1"),
        **{"n_%02x before" % code: bytes([code]) + b"1" for code in (0x00, 0x08, 0x0b, 0x0c, 0x1a, 0x1b, 0x7f)}, **{"n_%02x behind" % code: b"1" + bytes([code]) for code in (0x0b, 0x0c, 0x1c, 0x7f)},
        "c_a byte order mark": b"\xef\xbb\xbf1", "n_half a byte order mark": b"\xef\xbb1", "n_UTF-16": "1".encode("utf-16-le"), "n_UTF-16 with its mark": "[]".encode("utf-16"), "n_UTF-32": "1".encode("utf-32-be"),
    },
}
