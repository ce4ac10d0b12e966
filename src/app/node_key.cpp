#include "app/node_key.hpp"

#include "core/base/hex.hpp"
#include "wallet/atomic_file.hpp"
#include "wallet/random.hpp"

namespace cairn {
namespace {

constexpr std::size_t kFileSize = 65;

/// The secret of a file's content; wiped with its owner.
std::optional<SecretKey> read_key(ByteView content) {
    if (content.size() != kFileSize || content.back() != '\n') return std::nullopt;
    const auto bytes = from_hex(as_text(content.first(kFileSize - 1)));
    return bytes ? SecretKey::from_bytes(*bytes) : std::nullopt;
}

SecretKey make_key() {
    for (;;)
        if (auto key = SecretKey::from_bytes(random_bytes<32>())) return std::move(*key);
}

}  // namespace

Result<std::shared_ptr<const UnlockedKey>, std::string> load_node_key(
    const std::filesystem::path& datadir) {
    const auto file = datadir / "node.key";
    const auto content = read_small_file(file, kFileSize);
    if (content) {
        auto key = read_key(content->view());
        if (!key)
            return fail(file.string() +
                        " holds no key (64 hex digits and a line feed); remove it and the node "
                        "makes a new one, under which others know it no more");
        return UnlockedKey::make(std::move(*key));
    }
    if (content.error() != std::errc::no_such_file_or_directory)
        return fail(file.string() + " cannot be read: " + content.error().message());
    SecretKey key = make_key();
    const std::string text = to_hex(key.bytes()) + "\n";
    if (auto written = write_atomically(file, as_bytes(text), IfExists::refuse); !written)
        return fail(file.string() + " cannot be written: " + written.error().message());
    return UnlockedKey::make(std::move(key));
}

}  // namespace cairn
