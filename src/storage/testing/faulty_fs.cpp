#include "storage/testing/faulty_fs.hpp"

#include <rocksdb/env.h>

#include <algorithm>
#include <cstdarg>
#include <cstring>
#include <random>
#include <thread>
#include <utility>

namespace cairn::testing {

using rocksdb::IOStatus;
using rocksdb::Slice;

struct FaultyFs::File {
    struct Write {
        std::size_t offset = 0;
        std::string bytes;
    };

    std::string data;
    std::string durable;
    std::vector<Write> unsynced;

    void write(std::size_t offset, const Slice& bytes) {
        unsynced.push_back({offset, bytes.ToString()});
        put(data, offset, unsynced.back().bytes);
    }
    void truncate(std::size_t size) {
        data.resize(size);
        durable.resize(std::min(durable.size(), size));
    }
    void sync() {
        for (const Write& write : unsynced) put(durable, write.offset, write.bytes);
        durable.resize(data.size());
        unsynced.clear();
    }
    /// The first `left` bytes of what was not synced reach the disk; the rest never does.
    void lose_after(std::size_t left) {
        for (Write& write : unsynced) {
            write.bytes.resize(std::min(left, write.bytes.size()));
            left -= write.bytes.size();
            if (!write.bytes.empty()) put(durable, write.offset, write.bytes);
        }
        unsynced.clear();
        data = durable;
    }
    [[nodiscard]] std::size_t unsynced_bytes() const {
        std::size_t sum = 0;
        for (const Write& write : unsynced) sum += write.bytes.size();
        return sum;
    }
    [[nodiscard]] Slice at(std::size_t offset, std::size_t size, char* scratch) const {
        if (offset >= data.size()) return {};
        const std::size_t length = std::min(size, data.size() - offset);
        std::memcpy(scratch, data.data() + offset, length);
        return {scratch, length};
    }

private:
    static void put(std::string& to, std::size_t offset, const std::string& bytes) {
        if (to.size() < offset + bytes.size()) to.resize(offset + bytes.size());
        std::copy(bytes.begin(), bytes.end(), to.begin() + static_cast<std::ptrdiff_t>(offset));
    }
};

namespace {

class NoLogger final : public rocksdb::Logger {
public:
    using rocksdb::Logger::Logv;
    void Logv(const char*, va_list) override {}
    [[nodiscard]] std::size_t GetLogFileSize() const override { return 0; }
};

class NamedLock final : public rocksdb::FileLock {
public:
    explicit NamedLock(std::string path) : path_{std::move(path)} {}
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

IOStatus missing(const std::string& path) {
    return IOStatus::PathNotFound("No such file or directory", path);
}

class ImpatientClock final : public rocksdb::SystemClockWrapper {
public:
    using SystemClockWrapper::SystemClockWrapper;
    [[nodiscard]] const char* Name() const override { return "ImpatientClock"; }
    void SleepForMicroseconds(int) override { std::this_thread::yield(); }
};

}  // namespace

std::shared_ptr<rocksdb::SystemClock> impatient_clock() {
    return std::make_shared<ImpatientClock>(rocksdb::SystemClock::Default());
}

class FaultyFs::SequentialFile final : public rocksdb::FSSequentialFile {
public:
    SequentialFile(FaultyFs& fs, std::shared_ptr<File> file)
        : fs_{fs}, life_{fs.life_}, file_{std::move(file)} {}
    IOStatus Read(std::size_t n, const Options&, Slice* result, char* scratch, Context*) override {
        const std::scoped_lock lock{fs_.mutex_};
        if (life_ != fs_.life_) return IOStatus::IOError("the machine went down");
        if (auto s = fs_.read(); !s.ok()) return s;
        *result = file_->at(position_, n, scratch);
        position_ += result->size();
        return IOStatus::OK();
    }
    IOStatus Skip(std::uint64_t n) override {
        position_ += n;
        return IOStatus::OK();
    }

private:
    FaultyFs& fs_;
    std::uint64_t life_;
    std::shared_ptr<File> file_;
    std::size_t position_ = 0;
};

class FaultyFs::RandomAccessFile final : public rocksdb::FSRandomAccessFile {
public:
    RandomAccessFile(FaultyFs& fs, std::shared_ptr<File> file)
        : fs_{fs}, life_{fs.life_}, file_{std::move(file)} {}
    IOStatus Read(std::uint64_t offset, std::size_t n, const Options&, Slice* result, char* scratch,
                  Context*) const override {
        const std::scoped_lock lock{fs_.mutex_};
        if (life_ != fs_.life_) return IOStatus::IOError("the machine went down");
        if (auto s = fs_.read(); !s.ok()) return s;
        *result = file_->at(offset, n, scratch);
        return IOStatus::OK();
    }

private:
    FaultyFs& fs_;
    std::uint64_t life_;
    std::shared_ptr<File> file_;
};

class FaultyFs::WritableFile final : public rocksdb::FSWritableFile {
public:
    WritableFile(FaultyFs& fs, std::shared_ptr<File> file)
        : fs_{fs}, life_{fs.life_}, file_{std::move(file)} {}

    using rocksdb::FSWritableFile::Append;
    IOStatus Append(const Slice& data, const Options&, Context*) override {
        return with_power([&] { file_->write(file_->data.size(), data); });
    }
    IOStatus Truncate(std::uint64_t size, const Options&, Context*) override {
        return with_power([&] { file_->truncate(size); });
    }
    IOStatus Sync(const Options&, Context*) override {
        return with_power([&] { file_->sync(); });
    }
    IOStatus Flush(const Options&, Context*) override { return IOStatus::OK(); }
    IOStatus Close(const Options&, Context*) override { return IOStatus::OK(); }
    [[nodiscard]] bool IsSyncThreadSafe() const override { return true; }
    std::uint64_t GetFileSize(const Options&, Context*) override {
        const std::scoped_lock lock{fs_.mutex_};
        return file_->data.size();
    }

private:
    template <class Do>
    IOStatus with_power(Do&& action) {
        const std::scoped_lock lock{fs_.mutex_};
        if (life_ != fs_.life_) return IOStatus::IOError("the machine went down");
        if (auto s = fs_.change(); !s.ok()) return s;
        action();
        return IOStatus::OK();
    }

    FaultyFs& fs_;
    std::uint64_t life_;
    std::shared_ptr<File> file_;
};

class FaultyFs::RandomRWFile final : public rocksdb::FSRandomRWFile {
public:
    RandomRWFile(FaultyFs& fs, std::shared_ptr<File> file)
        : fs_{fs}, life_{fs.life_}, file_{std::move(file)} {}
    IOStatus Write(std::uint64_t offset, const Slice& data, const Options&, Context*) override {
        return with_power([&] { file_->write(offset, data); });
    }
    IOStatus Read(std::uint64_t offset, std::size_t n, const Options&, Slice* result, char* scratch,
                  Context*) const override {
        const std::scoped_lock lock{fs_.mutex_};
        if (life_ != fs_.life_) return IOStatus::IOError("the machine went down");
        if (auto s = fs_.read(); !s.ok()) return s;
        *result = file_->at(offset, n, scratch);
        return IOStatus::OK();
    }
    IOStatus Flush(const Options&, Context*) override { return IOStatus::OK(); }
    IOStatus Sync(const Options&, Context*) override {
        return with_power([&] { file_->sync(); });
    }
    IOStatus Close(const Options&, Context*) override { return IOStatus::OK(); }

private:
    template <class Do>
    IOStatus with_power(Do&& action) {
        const std::scoped_lock lock{fs_.mutex_};
        if (life_ != fs_.life_) return IOStatus::IOError("the machine went down");
        if (auto s = fs_.change(); !s.ok()) return s;
        action();
        return IOStatus::OK();
    }

    FaultyFs& fs_;
    std::uint64_t life_;
    std::shared_ptr<File> file_;
};

class FaultyFs::Directory final : public rocksdb::FSDirectory {
public:
    Directory(FaultyFs& fs, std::string path) : fs_{fs}, life_{fs.life_}, path_{std::move(path)} {}
    IOStatus Fsync(const Options&, Context*) override {
        const std::scoped_lock lock{fs_.mutex_};
        if (life_ != fs_.life_) return IOStatus::IOError("the machine went down");
        if (auto s = fs_.change(); !s.ok()) return s;
        for (const Naming& naming : fs_.unsynced_names_[path_]) apply(fs_.durable_, naming);
        fs_.unsynced_names_.erase(path_);
        return IOStatus::OK();
    }
    IOStatus Close(const Options&, Context*) override { return IOStatus::OK(); }

private:
    FaultyFs& fs_;
    std::uint64_t life_;
    std::string path_;
};

FaultyFs::FaultyFs() : files_{{"/", nullptr}}, durable_{files_} {}
FaultyFs::~FaultyFs() = default;

std::uint64_t FaultyFs::changes() const {
    const std::scoped_lock lock{mutex_};
    return changes_;
}

std::uint64_t FaultyFs::reads() const {
    const std::scoped_lock lock{mutex_};
    return reads_;
}

void FaultyFs::crash_at(std::uint64_t change) {
    const std::scoped_lock lock{mutex_};
    crash_at_ = change;
}

void FaultyFs::fail_change(std::uint64_t number, bool for_ever, bool no_space) {
    const std::scoped_lock lock{mutex_};
    change_fault_ = Fault{number, for_ever, no_space};
}

void FaultyFs::fail_read(std::uint64_t number, bool for_ever) {
    const std::scoped_lock lock{mutex_};
    read_fault_ = Fault{number, for_ever, false};
}

void FaultyFs::heal() {
    const std::scoped_lock lock{mutex_};
    change_fault_.reset();
    read_fault_.reset();
}

void FaultyFs::power_failure(Unsynced unsynced, std::uint64_t seed) {
    const std::scoped_lock lock{mutex_};
    std::mt19937_64 random{seed};
    const auto kept = [&](std::size_t all) -> std::size_t {
        if (unsynced == Unsynced::drop) return 0;
        return unsynced == Unsynced::keep ? all : random() % (all + 1);
    };
    for (const auto& [dir, names] : unsynced_names_) {
        const std::size_t count = kept(names.size());
        for (std::size_t i = 0; i < count; ++i) apply(durable_, names[i]);
    }
    unsynced_names_.clear();
    files_ = durable_;
    for (const auto& [path, file] : files_)
        if (file) file->lose_after(kept(file->unsynced_bytes()));
    locks_.clear();
    crash_at_.reset();
    change_fault_.reset();
    read_fault_.reset();
    ++life_;
}

std::shared_ptr<FaultyFs> FaultyFs::clone() const {
    const std::scoped_lock lock{mutex_};
    auto copy = std::make_shared<FaultyFs>();
    std::map<const File*, std::shared_ptr<File>> copies;  // hard links stay links
    for (const auto& [path, file] : files_) {
        auto& one = copies[file.get()];
        if (file && !one) {
            one = std::make_shared<File>(*file);
            one->sync();
        }
        copy->files_[path] = one;
    }
    copy->durable_ = copy->files_;
    return copy;
}

std::vector<std::string> FaultyFs::files() const {
    const std::scoped_lock lock{mutex_};
    std::vector<std::string> paths;
    for (const auto& [path, file] : files_)
        if (file) paths.push_back(path);
    return paths;
}

std::string FaultyFs::content(const std::string& path) const {
    const std::scoped_lock lock{mutex_};
    return files_.at(clean(path))->data;
}

void FaultyFs::overwrite(const std::string& path, std::string content) {
    const std::scoped_lock lock{mutex_};
    File& file = *files_.at(clean(path));
    file.data = std::move(content);
    file.durable = file.data;
    file.unsynced.clear();
}

void FaultyFs::remove(const std::string& path) {
    const std::scoped_lock lock{mutex_};
    files_.erase(clean(path));
    durable_.erase(clean(path));
}

bool FaultyFs::due(const std::optional<Fault>& fault, std::uint64_t number) {
    return fault && (number == fault->at || (fault->for_ever && number > fault->at));
}

IOStatus FaultyFs::change() {
    ++changes_;
    if (crash_at_ && changes_ >= *crash_at_) return IOStatus::IOError("the machine went down");
    if (!due(change_fault_, changes_)) return IOStatus::OK();
    return change_fault_->no_space ? IOStatus::NoSpace("No space left on device")
                                   : IOStatus::IOError("Input/output error");
}

IOStatus FaultyFs::read() {
    ++reads_;
    if (crash_at_ && changes_ >= *crash_at_) return IOStatus::IOError("the machine went down");
    return due(read_fault_, reads_) ? IOStatus::IOError("Input/output error") : IOStatus::OK();
}

void FaultyFs::name(const std::string& dir, Naming naming) {
    apply(files_, naming);
    unsynced_names_[dir].push_back(std::move(naming));
}

void FaultyFs::apply(Files& files, const Naming& naming) {
    if (!naming.removed.empty()) files.erase(naming.removed);
    if (!naming.added.empty()) files[naming.added] = naming.file;
}

std::string FaultyFs::clean(const std::string& path) {
    std::string out;
    for (const char c : path)
        if (c != '/' || out.empty() || out.back() != '/') out.push_back(c);
    if (out.size() > 1 && out.back() == '/') out.pop_back();
    return out;
}

std::string FaultyFs::parent(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

IOStatus FaultyFs::open(const std::string& path, std::shared_ptr<File>& file) {
    if (auto s = read(); !s.ok()) return s;
    const auto found = files_.find(clean(path));
    if (found == files_.end() || !found->second) return missing(path);
    file = found->second;
    return IOStatus::OK();
}

IOStatus FaultyFs::NewSequentialFile(const std::string& path, const rocksdb::FileOptions&,
                                     std::unique_ptr<rocksdb::FSSequentialFile>* out, Context*) {
    const std::scoped_lock lock{mutex_};
    std::shared_ptr<File> file;
    if (auto s = open(path, file); !s.ok()) return s;
    *out = std::make_unique<SequentialFile>(*this, std::move(file));
    return IOStatus::OK();
}

IOStatus FaultyFs::NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions&,
                                       std::unique_ptr<rocksdb::FSRandomAccessFile>* out,
                                       Context*) {
    const std::scoped_lock lock{mutex_};
    std::shared_ptr<File> file;
    if (auto s = open(path, file); !s.ok()) return s;
    *out = std::make_unique<RandomAccessFile>(*this, std::move(file));
    return IOStatus::OK();
}

IOStatus FaultyFs::NewWritableFile(const std::string& path, const rocksdb::FileOptions&,
                                   std::unique_ptr<rocksdb::FSWritableFile>* out, Context*) {
    const std::scoped_lock lock{mutex_};
    if (auto s = change(); !s.ok()) return s;
    const std::string at = clean(path);
    auto file = std::make_shared<File>();
    name(parent(at), {"", at, file});
    *out = std::make_unique<WritableFile>(*this, std::move(file));
    return IOStatus::OK();
}

IOStatus FaultyFs::ReopenWritableFile(const std::string& path, const rocksdb::FileOptions&,
                                      std::unique_ptr<rocksdb::FSWritableFile>* out, Context*) {
    const std::scoped_lock lock{mutex_};
    std::shared_ptr<File> file;
    if (auto s = open(path, file); !s.ok()) return s;
    *out = std::make_unique<WritableFile>(*this, std::move(file));
    return IOStatus::OK();
}

IOStatus FaultyFs::NewRandomRWFile(const std::string& path, const rocksdb::FileOptions&,
                                   std::unique_ptr<rocksdb::FSRandomRWFile>* out, Context*) {
    const std::scoped_lock lock{mutex_};
    std::shared_ptr<File> file;
    if (auto s = open(path, file); !s.ok()) return s;
    *out = std::make_unique<RandomRWFile>(*this, std::move(file));
    return IOStatus::OK();
}

IOStatus FaultyFs::NewDirectory(const std::string& path, const Options&,
                                std::unique_ptr<rocksdb::FSDirectory>* out, Context*) {
    const std::scoped_lock lock{mutex_};
    *out = std::make_unique<Directory>(*this, clean(path));
    return IOStatus::OK();
}

IOStatus FaultyFs::FileExists(const std::string& path, const Options&, Context*) {
    const std::scoped_lock lock{mutex_};
    return files_.contains(clean(path)) ? IOStatus::OK() : IOStatus::NotFound(path);
}

IOStatus FaultyFs::GetChildren(const std::string& dir, const Options&,
                               std::vector<std::string>* out, Context*) {
    const std::scoped_lock lock{mutex_};
    if (auto s = read(); !s.ok()) return s;
    out->clear();
    const std::string at = clean(dir);
    if (!files_.contains(at)) return IOStatus::NotFound(dir);
    for (const auto& [path, file] : files_)
        if (path.size() > at.size() + 1 && parent(path) == at)
            out->push_back(path.substr(at.size() + 1));
    return IOStatus::OK();
}

IOStatus FaultyFs::DeleteFile(const std::string& path, const Options&, Context*) {
    const std::scoped_lock lock{mutex_};
    if (auto s = change(); !s.ok()) return s;
    const std::string at = clean(path);
    if (!files_.contains(at)) return missing(path);
    name(parent(at), {at, "", nullptr});
    return IOStatus::OK();
}

IOStatus FaultyFs::CreateDir(const std::string& path, const Options& options, Context* context) {
    const std::scoped_lock lock{mutex_};
    if (files_.contains(clean(path))) return IOStatus::IOError("File exists", path);
    return CreateDirIfMissing(path, options, context);
}

IOStatus FaultyFs::CreateDirIfMissing(const std::string& path, const Options&, Context*) {
    const std::scoped_lock lock{mutex_};
    const std::string at = clean(path);
    if (files_.contains(at)) return IOStatus::OK();
    if (auto s = change(); !s.ok()) return s;
    name(parent(at), {"", at, nullptr});
    return IOStatus::OK();
}

IOStatus FaultyFs::DeleteDir(const std::string& path, const Options&, Context*) {
    const std::scoped_lock lock{mutex_};
    if (auto s = change(); !s.ok()) return s;
    const std::string at = clean(path);
    for (const auto& [other, file] : files_)
        if (other != at && parent(other) == at) return IOStatus::IOError("Directory not empty", at);
    name(parent(at), {at, "", nullptr});
    return IOStatus::OK();
}

IOStatus FaultyFs::GetFileSize(const std::string& path, const Options&, std::uint64_t* size,
                               Context*) {
    const std::scoped_lock lock{mutex_};
    std::shared_ptr<File> file;
    if (auto s = open(path, file); !s.ok()) return s;
    *size = file->data.size();
    return IOStatus::OK();
}

IOStatus FaultyFs::GetFileModificationTime(const std::string&, const Options&, std::uint64_t* time,
                                           Context*) {
    *time = 0;
    return IOStatus::OK();
}

IOStatus FaultyFs::RenameFile(const std::string& from, const std::string& to, const Options&,
                              Context*) {
    const std::scoped_lock lock{mutex_};
    if (auto s = change(); !s.ok()) return s;
    const std::string source = clean(from);
    const std::string target = clean(to);
    const auto found = files_.find(source);
    if (found == files_.end()) return missing(from);
    std::vector<std::pair<std::string, std::shared_ptr<File>>> inside;
    for (const auto& [path, file] : files_)
        if (path.starts_with(source + "/")) inside.emplace_back(path, file);
    name(parent(target), {source, target, found->second});
    // What stands in a renamed directory moves with its name; what of it was synced stays synced.
    for (auto& [path, file] : inside) {
        const std::string moved = target + path.substr(source.size());
        apply(files_, {path, moved, file});
        if (durable_.contains(path)) unsynced_names_[parent(target)].push_back({path, moved, file});
    }
    return IOStatus::OK();
}

IOStatus FaultyFs::LinkFile(const std::string& from, const std::string& to, const Options&,
                            Context*) {
    const std::scoped_lock lock{mutex_};
    if (auto s = change(); !s.ok()) return s;
    const auto found = files_.find(clean(from));
    if (found == files_.end()) return missing(from);
    const std::string at = clean(to);
    name(parent(at), {"", at, found->second});
    return IOStatus::OK();
}

IOStatus FaultyFs::LockFile(const std::string& path, const Options&, rocksdb::FileLock** out,
                            Context*) {
    const std::scoped_lock lock{mutex_};
    if (auto s = read(); !s.ok()) return s;
    if (!locks_.insert(clean(path)).second) return IOStatus::IOError("lock held", path);
    *out =
        new NamedLock{clean(path)};  // NOLINT(cppcoreguidelines-owning-memory): freed by UnlockFile
    return IOStatus::OK();
}

IOStatus FaultyFs::UnlockFile(rocksdb::FileLock* held, const Options&, Context*) {
    const std::scoped_lock lock{mutex_};
    const std::unique_ptr<NamedLock> named{static_cast<NamedLock*>(held)};
    locks_.erase(named->path());
    return IOStatus::OK();
}

IOStatus FaultyFs::GetTestDirectory(const Options&, std::string* path, Context*) {
    *path = "/";
    return IOStatus::OK();
}

IOStatus FaultyFs::NewLogger(const std::string&, const Options&,
                             std::shared_ptr<rocksdb::Logger>* out, Context*) {
    *out = std::make_shared<NoLogger>();
    return IOStatus::OK();
}

IOStatus FaultyFs::GetAbsolutePath(const std::string& path, const Options&, std::string* out,
                                   Context*) {
    *out = path;
    return IOStatus::OK();
}

IOStatus FaultyFs::IsDirectory(const std::string& path, const Options&, bool* is, Context*) {
    const std::scoped_lock lock{mutex_};
    const auto found = files_.find(clean(path));
    if (found == files_.end()) return missing(path);
    *is = !found->second;
    return IOStatus::OK();
}

}  // namespace cairn::testing
