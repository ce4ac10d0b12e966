#include "core/crypto/sha256.hpp"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "core/vectors_test.hpp"

namespace cairn {
namespace {

using testing::random_bytes;

Hash256 openssl_sha256(ByteView data) {
    Hash256 digest;
    SHA256(data.data(), data.size(), digest.bytes.data());
    return digest;
}

Hash256 openssl_sha256d(ByteView data) { return openssl_sha256(openssl_sha256(data).bytes); }

/// SHA-256 by one named compression function, with padding of the test's own.
Hash256 hash_with(sha256_impl::Transform transform, ByteView data) {
    Bytes padded{data.begin(), data.end()};
    padded.push_back(0x80);
    while (padded.size() % 64 != 56) padded.push_back(0);
    for (int shift = 56; shift >= 0; shift -= 8)
        padded.push_back(static_cast<std::uint8_t>(std::uint64_t{data.size()} * 8 >> shift));
    auto state = sha256_impl::kInitialState;
    transform(state, padded.data(), padded.size() / 64);
    Hash256 digest;
    for (std::size_t i = 0; i < 32; ++i)
        digest.bytes[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
    return digest;
}

constexpr std::uint64_t kSeed = 180'4;

TEST(Sha256, PublishedExamples) {
    EXPECT_EQ(to_hex(sha256({}).bytes),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(to_hex(sha256(as_bytes("abc")).bytes),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(
        to_hex(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).bytes),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, AgreesWithOpenSslAtEveryLength) {
    std::mt19937_64 random{kSeed};
    for (std::size_t size = 0; size <= 300; ++size) {
        const Bytes data = random_bytes(random, size);
        ASSERT_EQ(sha256(data), openssl_sha256(data)) << size;
        ASSERT_EQ(sha256d(data), openssl_sha256d(data)) << size;
    }
}

TEST(Sha256, PortableCodeAgreesWithOpenSslAtEveryLength) {
    std::mt19937_64 random{kSeed};
    for (std::size_t size = 0; size <= 300; ++size) {
        const Bytes data = random_bytes(random, size);
        ASSERT_EQ(hash_with(sha256_impl::transform_portable, data), openssl_sha256(data)) << size;
    }
}

TEST(Sha256, ShaExtensionsAgreeWithOpenSslAtEveryLength) {
    if (!sha256_impl::has_shani()) GTEST_SKIP() << "this CPU has no SHA extensions";
    std::mt19937_64 random{kSeed};
    for (std::size_t size = 0; size <= 300; ++size) {
        const Bytes data = random_bytes(random, size);
        ASSERT_EQ(hash_with(sha256_impl::transform_shani, data), openssl_sha256(data)) << size;
    }
}

TEST(Sha256, TransformsAgreeFromAnyStateOverAnyNumberOfBlocks) {
    if (!sha256_impl::has_shani()) GTEST_SKIP() << "this CPU has no SHA extensions";
    std::mt19937_64 random{kSeed};
    for (std::size_t count = 0; count < 200; ++count) {
        const Bytes blocks = random_bytes(random, 64 * count);
        Sha256::State portable;
        for (auto& word : portable) word = static_cast<std::uint32_t>(random());
        Sha256::State extended = portable;
        sha256_impl::transform_portable(portable, blocks.data(), count);
        sha256_impl::transform_shani(extended, blocks.data(), count);
        ASSERT_EQ(portable, extended) << count;
    }
}

TEST(Sha256, TheBetterTransformOfThisCpuIsTaken) {
    EXPECT_EQ(sha256_impl::best_transform(), sha256_impl::has_shani()
                                                 ? sha256_impl::transform_shani
                                                 : sha256_impl::transform_portable);
}

TEST(Sha256, PiecesMakeTheSameDigestAsTheWhole) {
    std::mt19937_64 random{kSeed};
    for (int round = 0; round < 300; ++round) {
        const Bytes data = random_bytes(random, random() % 1000);
        Sha256 hasher;
        for (ByteView rest = data; !rest.empty();) {
            const std::size_t size = std::min<std::size_t>(rest.size(), random() % 150);
            hasher.write(rest.first(size));
            rest = rest.subspan(size);
        }
        ASSERT_EQ(hasher.finish(), openssl_sha256(data)) << "seed " << kSeed << " round " << round;
    }
}

TEST(Sha256, PairIsTheDoubleHashOfBothHalves) {
    std::mt19937_64 random{kSeed};
    for (int i = 0; i < 100; ++i) {
        const Bytes both = random_bytes(random, 64);
        std::array<std::uint8_t, 32> left{};
        std::array<std::uint8_t, 32> right{};
        std::copy_n(both.begin(), 32, left.begin());
        std::copy_n(both.begin() + 32, 32, right.begin());
        ASSERT_EQ(sha256d_pair(left, right), openssl_sha256d(both));
    }
}

TEST(Sha256, TaggedHashBeginsWithTheTagsHashTwice) {
    const Bytes message = {1, 2, 3};
    for (const std::string_view tag : {"", "cairn/transfer", "BIP0340/challenge"}) {
        const Hash256 tag_hash = openssl_sha256(as_bytes(tag));
        Bytes whole;
        append(whole, tag_hash.bytes);
        append(whole, tag_hash.bytes);
        append(whole, message);
        EXPECT_EQ(tagged_sha256(tag).write(message).finish(), openssl_sha256(whole)) << tag;
    }
}

TEST(Sha256, HashesOfMinedHeadersLinkThem) {
    const auto headers = testing::mined_headers();
    ASSERT_EQ(headers.size(), 4049U);
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const auto& header = headers[i];
        ASSERT_EQ(header.bytes.size(), 80U);
        const auto named = Hash256::from_bytes(ByteView{header.bytes}.subspan(4, 32));
        const auto previous =
            header.previous < 0 ? Hash256{}
                                : sha256d(headers[static_cast<std::size_t>(header.previous)].bytes);
        ASSERT_EQ(*named, previous) << "header " << i;
    }
}

}  // namespace
}  // namespace cairn
