#include "cli/session/token_store.hpp"

#include "json/reader.hpp"
#include "json/writer.hpp"
#include "os/home.hpp"
#include "wallet/atomic_file.hpp"

namespace cairn::cli {
namespace {

constexpr std::size_t kFileMax = 4096;

}  // namespace

std::filesystem::path TokenStore::file_of(const NodeUrl& node) const {
    return folder_ / (percent_encode(node.text) + ".json");
}

std::optional<KeptLogin> TokenStore::load(const NodeUrl& node) const {
    const auto content = read_small_file(file_of(node), kFileMax);
    if (!content) return std::nullopt;
    const auto kept = json::parse(as_text(content->view()));
    if (!kept || !(*kept)["token"].is_string() || !(*kept)["name"].is_string()) return std::nullopt;
    return KeptLogin{(*kept)["name"].text(), (*kept)["token"].text()};
}

Result<void, std::error_code> TokenStore::keep(const NodeUrl& node, const KeptLogin& login) const {
    if (const auto error = make_private_folder(folder_)) return fail(error);
    std::string content;
    json::Writer{content}
        .begin_object()
        .key("node")
        .string(node.text)
        .key("name")
        .string(login.name)
        .key("token")
        .string(login.token)
        .end_object();
    content += '\n';
    return write_atomically(file_of(node), as_bytes(content), IfExists::replace);
}

std::error_code TokenStore::forget(const NodeUrl& node) const {
    return remove_durably(file_of(node));
}

std::filesystem::path cairn_folder() { return home_folder() / ".cairn"; }

}  // namespace cairn::cli
