// model_ledger genesis main|steady|dev    the genesis hash, as people see it
// model_ledger spec main|steady|dev       the canonical spec in hex
// model_ledger replay FILE                the state at the end of an exported chain, as JSON

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "model/crypto.hpp"
#include "model/export_file.hpp"
#include "model/ledger.hpp"

namespace {

int complain(const std::string& what) {
    std::fprintf(stderr, "model_ledger: %s\n", what.c_str());
    return 1;
}

void print(const model::ExportFile& file, const model::State& state) {
    const auto tip =
        model::double_sha256(model::View{file.blocks.back()}.first(model::kHeaderSize));
    std::string out = "{\"tip\":\"" + model::shown(tip) + "\"";
    out += ",\"index\":" + std::to_string(file.blocks.size());
    out += ",\"issued\":" + std::to_string(state.issued);
    out += ",\"sum\":" + std::to_string(static_cast<std::uint64_t>(model::sum_of_balances(state)));
    out += ",\"digest\":\"" + model::hex(model::digest(state)) + "\"";
    out += ",\"genesis\":\"" + model::shown(model::genesis_hash(file.spec)) + "\"";
    out += ",\"accounts\":{";
    bool first = true;
    for (const auto& [address, account] : state.accounts) {
        if (!first) out += ',';
        first = false;
        out += "\"" + model::hex(address) + "\":{\"balance\":" + std::to_string(account.balance) +
               ",\"nonce\":" + std::to_string(account.nonce) + "}";
    }
    std::printf("%s}}\n", out.c_str());
}

int replay_file(const char* path) {
    std::ifstream in{path, std::ios::binary};
    if (!in) return complain(std::string{path} + " cannot be read");
    const model::Bytes bytes{std::istreambuf_iterator<char>{in}, std::istreambuf_iterator<char>{}};
    std::string why;
    const auto file = model::decode_export(bytes, why);
    if (!file) return complain(why);
    const auto outcome = model::replay(file->spec, file->blocks);
    if (const auto* broken = std::get_if<model::Verdict>(&outcome)) {
        return complain("block " + std::to_string(broken->height) + " breaks rule " +
                        std::to_string(broken->rule) + ": expected " + broken->expected +
                        ", found " + broken->found);
    }
    print(*file, std::get<model::State>(outcome));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return complain("genesis NAME | spec NAME | replay FILE");
    const std::string verb = argv[1];
    if (verb == "replay") return replay_file(argv[2]);
    const auto spec = model::built_in(argv[2]);
    if (!spec) return complain("no built-in chain has that name");
    if (verb == "genesis") {
        std::printf("%s\n", model::shown(model::genesis_hash(*spec)).c_str());
    } else if (verb == "spec") {
        std::printf("%s\n", model::hex(model::canonical(*spec)).c_str());
    } else {
        return complain("genesis NAME | spec NAME | replay FILE");
    }
    return 0;
}
