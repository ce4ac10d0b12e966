"""BIP340 signatures in plain Python: slow, short, and nobody else's code.

Never for keys that matter: nothing here runs in constant time.
"""

import hashlib

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
INFINITY = (1, 1, 0)  # Jacobian coordinates


def _double(point):
    x, y, z = point
    if z == 0:
        return INFINITY
    y2 = y * y % P
    s = 4 * x * y2 % P
    m = 3 * x * x % P
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * y2 * y2) % P, 2 * y * z % P


def _add(a, b):
    if a[2] == 0:
        return b
    if b[2] == 0:
        return a
    za2, zb2 = a[2] * a[2] % P, b[2] * b[2] % P
    u1, u2 = a[0] * zb2 % P, b[0] * za2 % P
    s1, s2 = a[1] * zb2 * b[2] % P, b[1] * za2 * a[2] % P
    if u1 == u2:
        return _double(a) if s1 == s2 else INFINITY
    h, r = (u2 - u1) % P, (s2 - s1) % P
    h2 = h * h % P
    h3, v = h * h2 % P, u1 * h2 % P
    x3 = (r * r - h3 - 2 * v) % P
    return x3, (r * (v - x3) - s1 * h3) % P, h * a[2] * b[2] % P


def _multiply(point, scalar):
    result = INFINITY
    for bit in bin(scalar)[2:]:
        result = _double(result)
        if bit == "1":
            result = _add(result, point)
    return result


def _table():
    rows, base = [], (*G, 1)
    for _ in range(64):  # 16^i * G, times 0 to 15
        row = [INFINITY]
        for _ in range(15):
            row.append(_add(row[-1], base))
        rows.append(row)
        base = _add(row[-1], base)
    return rows


_TABLE = _table()


def _times_g(scalar):
    result = INFINITY
    for row in _TABLE:
        if scalar & 15:
            result = _add(result, row[scalar & 15])
        scalar >>= 4
    return result


def _affine(point):
    if point[2] == 0:
        return None
    inverse = pow(point[2], -1, P)
    square = inverse * inverse % P
    return point[0] * square % P, point[1] * square * inverse % P


def _lift_x(x):
    if x >= P:
        return None
    c = (pow(x, 3, P) + 7) % P
    y = pow(c, (P + 1) // 4, P)
    if y * y % P != c:
        return None
    return x, y if y % 2 == 0 else P - y


def tagged_hash(tag, data):
    prefix = hashlib.sha256(tag.encode()).digest()
    return hashlib.sha256(prefix + prefix + data).digest()


def public_key(secret):
    d = int.from_bytes(secret, "big")
    if not 0 < d < N:
        raise ValueError("no secret key")
    return _affine(_times_g(d))[0].to_bytes(32, "big")


def compressed_key(secret):
    """The key with its sign, 33 bytes, as BIP32 hashes it."""
    x, y = _affine(_times_g(int.from_bytes(secret, "big")))
    return bytes([2 + y % 2]) + x.to_bytes(32, "big")


def sign(message, secret, auxiliary=bytes(32)):
    d = int.from_bytes(secret, "big")
    if not 0 < d < N:
        raise ValueError("no secret key")
    x, y = _affine(_times_g(d))
    if y % 2:
        d = N - d
    px = x.to_bytes(32, "big")
    masked = (d ^ int.from_bytes(tagged_hash("BIP0340/aux", auxiliary), "big")).to_bytes(32, "big")
    k = int.from_bytes(tagged_hash("BIP0340/nonce", masked + px + message), "big") % N
    if k == 0:
        raise ValueError("no nonce")
    rx, ry = _affine(_times_g(k))
    if ry % 2:
        k = N - k
    r = rx.to_bytes(32, "big")
    e = int.from_bytes(tagged_hash("BIP0340/challenge", r + px + message), "big") % N
    return r + ((k + e * d) % N).to_bytes(32, "big")


def verify(message, key, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    point = _lift_x(int.from_bytes(key, "big"))
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if point is None or r >= P or s >= N:
        return False
    e = int.from_bytes(tagged_hash("BIP0340/challenge", signature[:32] + key + message), "big") % N
    found = _affine(_add(_times_g(s), _multiply((*point, 1), N - e)))
    return found is not None and found[1] % 2 == 0 and found[0] == r
